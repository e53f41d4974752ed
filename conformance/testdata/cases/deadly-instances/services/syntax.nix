{ roles.peer = 
