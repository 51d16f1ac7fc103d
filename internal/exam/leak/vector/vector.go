// Package vector reads and writes the vectors of the leak exam: inputs that hold
// secrets, each with what must vanish from it, what must stay and how the result
// must still parse.
//
// The vectors are data that anyone can run against any tool. A file of them must
// not look like a leak itself, so a text that holds a secret is stored as a list of
// short parts, which are joined when it is read.
package vector

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
)

// Vector is one question of the exam.
type Vector struct {
	ID   string // unique, stable as long as the axes are
	Axes Axes
	// Known are the secrets that the tool is told before, as a store would do.
	Known []Known
	Input []byte
	// Chunks are the lengths of the writes in which Input is given, in bytes; the
	// last is repeated until the end. Empty: one write.
	Chunks []int
	Vanish []string // must not be recoverable from the output, whole or in pieces
	Stay   []string // must still be there, as it stands or encoded as it was
	Parse  string   // the format of Input, which the output must keep: see package check
}

// Axes say where a vector lies: one value of each axis.
type Axes struct {
	Secret   string `json:"secret"`
	Encoding string `json:"encoding"`
	Place    string `json:"place"`
	Chunking string `json:"chunking"`
}

// Known is a secret with the name it has in a store.
type Known struct{ Name, Value string }

// stored is a vector as it stands in a file.
type stored struct {
	ID     string        `json:"id"`
	Axes   Axes          `json:"axes"`
	Known  []storedKnown `json:"known"`
	Input  []string      `json:"input"`
	Hex    bool          `json:"hex,omitempty"` // the input's parts are hexadecimal
	Chunks []int         `json:"chunks"`
	Vanish [][]string    `json:"vanish"`
	Stay   []string      `json:"stay"`
	Parse  string        `json:"parse"`
}

type storedKnown struct {
	Name  string   `json:"name"`
	Value []string `json:"value"`
}

// file is what a file of vectors holds.
type file struct {
	Vectors []stored `json:"vectors"`
}

// Load reads the vectors of all JSON files in fsys, in the order of their names.
func Load(fsys fs.FS) (all []Vector, err error) {
	names, err := fs.Glob(fsys, "*.json")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		dec := json.NewDecoder(bytes.NewReader(text))
		dec.DisallowUnknownFields()
		var f file
		if err := dec.Decode(&f); err != nil {
			return nil, fmt.Errorf("reading vectors in %s: %w", name, err)
		}
		for i := range f.Vectors {
			v, err := f.Vectors[i].join()
			if err != nil {
				return nil, fmt.Errorf("reading vectors in %s: %s: %w", name, f.Vectors[i].ID, err)
			}
			all = append(all, v)
		}
	}
	return all, nil
}

func (s *stored) join() (Vector, error) {
	v := Vector{
		ID: s.ID, Axes: s.Axes, Input: []byte(strings.Join(s.Input, "")),
		Chunks: s.Chunks, Stay: s.Stay, Parse: s.Parse,
	}
	if s.Hex {
		var err error
		if v.Input, err = hex.DecodeString(string(v.Input)); err != nil {
			return Vector{}, err
		}
	}
	for _, k := range s.Known {
		v.Known = append(v.Known, Known{k.Name, strings.Join(k.Value, "")})
	}
	for _, parts := range s.Vanish {
		v.Vanish = append(v.Vanish, strings.Join(parts, ""))
	}
	return v, nil
}
