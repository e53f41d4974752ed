# Stands for the inputs of clan-core that matter to building machines only.
{ outputs = _: { }; }
