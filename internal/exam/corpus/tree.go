package corpus

import (
	_ "embed"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

var (
	// tree is the source tree: files, each after a line "-- name --".
	//go:embed tree.txt
	tree string
	//go:embed demo.txt
	demo string
)

// Tree writes a small service's source tree below dir, which it makes if need be:
// about a dozen files in several languages, with eight made-up secrets in them. It
// returns where they stand.
func Tree(dir string, seed uint64) (planted []Planted, err error) {
	s := newStream(io.Discard, seed)
	c := compiler{}
	for _, section := range strings.Split(strings.TrimPrefix(tree, "-- "), "\n-- ") {
		name, text, ok := strings.Cut(section, " --\n")
		if !ok {
			return nil, fmt.Errorf("corpus: malformed section of the source tree: %.40q", section)
		}
		s.planted = func(p Planted) {
			p.File = name
			planted = append(planted, p)
		}
		s.lines, s.counted, s.buf = 0, 0, s.buf[:0]
		c.compile(strings.TrimSuffix(text, "\n") + "\n")(s)
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(path, s.buf, 0o644); err != nil {
			return nil, err
		}
	}
	return planted, nil
}

// DemoLog writes one screen of a noisy log of many services, about forty lines, and
// returns where the eight made-up secrets in it stand.
func DemoLog(w io.Writer, seed uint64) (planted []Planted, err error) {
	s := newStream(w, seed)
	s.planted = func(p Planted) { planted = append(planted, p) }
	c := compiler{}
	for line := range strings.Lines(demo) {
		s.now = s.now.Add(time.Duration(s.between(1, 900)) * time.Millisecond)
		c.compile(line)(s)
	}
	return planted, s.flush()
}
