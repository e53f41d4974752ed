package reliability
var crowdFaults []fault
