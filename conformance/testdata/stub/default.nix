# ... among them one that is imported for the systems it lists.
[
  "x86_64-linux"
  "aarch64-linux"
  "aarch64-darwin"
]
