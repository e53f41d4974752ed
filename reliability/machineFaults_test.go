package reliability
var machineFaults []fault
