// Package corpus makes the texts on which stanch and gitleaks are compared.
//
// A [Corpus] is a sequence of fragments, cut by gitleaks' own code so that both
// scanners see the same bytes under the same path from the same line. Three kinds
// of text feed it: files of this machine ([Sample], [Tree]), the examples that
// gitleaks' rule generators make anew at every run ([Examples]) alone, joined,
// changed, encoded or spliced into files, and hostile texts built around them
// ([Hostile], [NotUTF8]). All choices are drawn from a seed; only the examples themselves
// are random, which is why a failing fragment is saved by package parity.
package corpus

import (
	"bytes"
	"context"
	"fmt"
	"iter"

	"github.com/zricethezav/gitleaks/v8/sources"
)

// Fragment is what both scanners are handed at once.
type Fragment struct {
	Path string
	Line int // of the first byte, from 1
	Raw  string
	// Origin says, for a reader of a failure, where the text comes from when Path
	// does not; "" otherwise.
	Origin string
}

// Corpus is a named sequence of fragments.
type Corpus struct {
	Name string
	// Fixed says that the fragments are the same at every run, so that gitleaks'
	// findings in them may be kept.
	Fixed     bool
	Fragments iter.Seq2[Fragment, error]
}

// Of returns a corpus of the given fragments, which differ from run to run.
func Of(name string, fragments []Fragment) Corpus {
	return Corpus{Name: name, Fragments: func(yield func(Fragment, error) bool) {
		for _, f := range fragments {
			if !yield(f, nil) {
				return
			}
		}
	}}
}

// Cut cuts a file's content as gitleaks does; none come of what it takes for a
// binary or, by its name, for an archive.
func Cut(path string, data []byte) (fragments []Fragment, err error) {
	file := &sources.File{Content: bytes.NewReader(data), Path: path}
	err = file.Fragments(context.Background(), func(f sources.Fragment, err error) error {
		if err != nil {
			return err
		}
		fragments = append(fragments, Fragment{Path: f.FilePath, Line: f.StartLine, Raw: f.Raw})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("cutting %s: %w", path, err)
	}
	return fragments, nil
}
