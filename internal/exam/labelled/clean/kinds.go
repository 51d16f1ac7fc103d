package main

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/stanch-dev/stanch/internal/exam/corpus"
)

// seed is that of all made-up text.
const seed = 20260302

// kind is a kind of text.
type kind struct {
	name  string
	write func(w io.Writer) error
}

func kinds(goroot string, size int64) []kind {
	made := func(make func(io.Writer, uint64, int64) error, share int64) func(io.Writer) error {
		return func(w io.Writer) error { return make(w, seed, size/share) }
	}
	logs := func(w io.Writer, seed uint64, size int64) error {
		return corpus.Logs(w, seed, size, corpus.LogOptions{})
	}
	return []kind{
		{"logs of all formats", made(logs, 2)},
		{"the Go source tree", func(w io.Writer) error { return writeTree(w, filepath.Join(goroot, "src")) }},
		{"minified script", made(corpus.Minified, 8)},
		{"JSON", made(corpus.JSON, 8)},
		{"base64", made(corpus.Base64Heavy, 8)},
		{"other languages", made(corpus.NonEnglish, 8)},
	}
}

// writeTree writes the text files below root, one after the other.
func writeTree(w io.Writer, root string) error {
	return filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil || bytes.IndexByte(text[:min(len(text), 4096)], 0) >= 0 {
			return err
		}
		if len(text) > 0 && text[len(text)-1] != '\n' {
			text = append(text, '\n')
		}
		_, err = w.Write(text)
		return err
	})
}
