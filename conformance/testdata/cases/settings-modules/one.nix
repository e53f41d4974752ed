{ table.file = "one"; }
