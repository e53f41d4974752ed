package store

// Text is what the file would hold, Changed whether there is anything to write, File its path.
func (s *Store) Text() []byte  { return s.text() }
func (s *Store) File() string  { return s.path }
func (s *Store) Changed() bool { return s.changed() }
