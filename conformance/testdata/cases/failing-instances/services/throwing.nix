throw "this service does not evaluate"
