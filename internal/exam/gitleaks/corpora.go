package main

import (
	"fmt"
	"path/filepath"

	"github.com/stanch-dev/stanch/internal/exam/gitleaks/corpus"
	"github.com/stanch-dev/stanch/internal/exam/gitleaks/parity"
)

// sampleSize is the size in bytes of the files that stand for all, half of them
// Go's own and half from modules; injectedSize is the size of those that examples
// are spliced into.
const (
	sampleSize   = 20_000_000
	injectedSize = 2_000_000
)

// corpora is every name that -corpus takes.
var corpora = []struct {
	name, doc string
	make      func(*parity.Reference, uint64) ([]corpus.Corpus, error)
}{
	{"examples", "the examples of gitleaks' rules: alone, joined, changed, encoded, spliced into files, in hostile texts", exampleCorpora},
	{"not-utf8", "examples with bytes that are no UTF-8; compared only when built without the tag gore2regex", notUTF8Corpora},
	{"sample", "20 MB of Go's own files and of the modules this exam is built from", sampleCorpora},
	{"go", "Go's own files", goCorpora},
	{"modules", "every module in the module cache", moduleCorpora},
}

// chosen makes the corpora that the command line names.
func chosen(name string, saved []string, reference *parity.Reference, seed uint64) (list []corpus.Corpus, err error) {
	if len(saved) > 0 {
		c, err := parity.Load(saved...)
		return []corpus.Corpus{c}, err
	}
	known := false
	for _, c := range corpora {
		if name != c.name && name != "all" {
			continue
		}
		known = true
		if name == "all" && c.name == "not-utf8" && !parity.Strict {
			continue // what RE2 misses there shows on neighbouring lines too
		}
		more, err := c.make(reference, seed)
		if err != nil {
			return nil, fmt.Errorf("making corpus %s: %w", c.name, err)
		}
		list = append(list, more...)
	}
	if known {
		return list, nil
	}
	files, err := corpus.Tree(filepath.Base(name), name, reference.Skips)
	return []corpus.Corpus{corpus.OfFiles(filepath.Base(name), files)}, err
}

func exampleCorpora(reference *parity.Reference, seed uint64) ([]corpus.Corpus, error) {
	examples, err := corpus.Examples()
	if err != nil {
		return nil, err
	}
	files, err := sample(reference)
	if err != nil {
		return nil, err
	}
	joined, err := corpus.Joined(examples, seed)
	if err != nil {
		return nil, err
	}
	injected, err := corpus.Injected(corpus.Pick(files, injectedSize), examples, seed)
	if err != nil {
		return nil, err
	}
	hostile, err := corpus.Hostile(examples, seed)
	if err != nil {
		return nil, err
	}
	return []corpus.Corpus{
		corpus.Alone(examples), joined, corpus.Changed(examples, seed), corpus.Encoded(examples, seed), injected, hostile,
	}, nil
}

func notUTF8Corpora(_ *parity.Reference, seed uint64) ([]corpus.Corpus, error) {
	examples, err := corpus.Examples()
	return []corpus.Corpus{corpus.NotUTF8(examples, seed)}, err
}

// sample returns the files that stand for all.
func sample(reference *parity.Reference) ([]corpus.File, error) {
	source, err := corpus.GoSource(reference.Skips)
	if err != nil {
		return nil, err
	}
	modules, err := corpus.OwnModules(reference.Skips)
	if err != nil {
		return nil, err
	}
	return append(corpus.Pick(source, sampleSize/2), corpus.Pick(modules, sampleSize/2)...), nil
}

func sampleCorpora(reference *parity.Reference, _ uint64) ([]corpus.Corpus, error) {
	files, err := sample(reference)
	return []corpus.Corpus{corpus.OfFiles("sample", files)}, err
}

func goCorpora(reference *parity.Reference, _ uint64) ([]corpus.Corpus, error) {
	files, err := corpus.GoSource(reference.Skips)
	return []corpus.Corpus{corpus.OfFiles("go", files)}, err
}

func moduleCorpora(reference *parity.Reference, _ uint64) ([]corpus.Corpus, error) {
	files, err := corpus.ModuleCache(reference.Skips)
	return []corpus.Corpus{corpus.OfFiles("modules", files)}, err
}
