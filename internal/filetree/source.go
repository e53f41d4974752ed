package filetree

// Source is where a source tree lies.
type Source struct {
	// Root is its top.
	Root string
	// Git: only what git tracks belongs to it, as it is on disk.
	Git bool
}
