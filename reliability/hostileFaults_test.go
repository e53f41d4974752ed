package reliability
var hostileFaults []fault
