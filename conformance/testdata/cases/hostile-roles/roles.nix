[
  "dot.in.name"
  "quote\"s"
  "\${x}"
  "back\\slash"
  "漢字"
  "line\nfeed"
]
