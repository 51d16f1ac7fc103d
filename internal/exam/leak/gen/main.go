// Command gen writes the published vectors of the leak exam anew:
//
//	go run ./internal/exam/leak/gen [-seed N] [-dir FOLDER]
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/stanch-dev/stanch/internal/exam/leak/axes"
)

func main() {
	seed := flag.Uint64("seed", axes.Seed, "`seed` of all that is made up")
	dir := flag.String("dir", filepath.FromSlash("scanner/testdata/vectors"), "`folder` of the files")
	flag.Parse()
	if err := write(*dir, *seed); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

// write replaces the files of vectors in dir.
func write(dir string, seed uint64) error {
	files, err := axes.Files(seed)
	if err != nil {
		return err
	}
	old, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return err
	}
	for _, name := range old {
		if err := os.Remove(name); err != nil {
			return err
		}
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
