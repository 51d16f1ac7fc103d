// Command gen makes the embedded text model and the embedded plans of the rulesets
// that plan.Embedded lists: gen PATH... (see `make plan`). The files below the paths
// should be ordinary text of the kinds that are scanned; the paths weigh the same,
// whatever their sizes. A plan is compiled with a larger sample than the one that is
// embedded, and its automaton is built by running over the text.
package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner/internal/automaton"
	"github.com/stanch-dev/stanch/scanner/internal/plan"
	"github.com/stanch-dev/stanch/scanner/internal/prefilter"
	"github.com/stanch-dev/stanch/scanner/internal/textmodel"
)

const (
	modelFile = "scanner/internal/textmodel/sample.bin"
	planDir   = "scanner/internal/plan"

	smallSample = 2 << 10 // places
	largeSample = 64 << 10
	warm        = 16 << 20 // bytes of each path that the automaton runs over
	states      = 4_000    // that the base may have; rarer ones are built when needed
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: gen PATH...")
		os.Exit(2)
	}
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(paths []string) error {
	texts := make([][]byte, len(paths))
	for i, path := range paths {
		var err error
		if texts[i], err = read(path); err != nil {
			return err
		}
	}
	if err := os.WriteFile(modelFile, sample(texts, smallSample), 0o644); err != nil {
		return err
	}
	model := textmodel.New(sample(texts, largeSample))
	for _, e := range plan.Embedded {
		set, err := e.Rules()
		if err != nil {
			return err
		}
		if err := write(filepath.Join(planDir, e.File), set, model, texts); err != nil {
			return fmt.Errorf("plan of the %s: %w", e.Name, err)
		}
	}
	return nil
}

// write makes the plan of a ruleset.
func write(name string, set *rules.Ruleset, model *textmodel.Model, texts [][]byte) error {
	p, err := plan.Compile(set, model)
	if err != nil {
		return err
	}
	p.DFA = warmed(p, texts)
	var b bytes.Buffer
	if err := plan.Encode(&b, set, p); err != nil {
		return err
	}
	fmt.Printf("%s: %d states of %d classes, %d NFA instructions, %d bytes\n",
		name, p.DFA.States(), p.DFA.Classes, len(p.DFA.NFA.Insts), b.Len())
	return os.WriteFile(name, b.Bytes(), 0o644)
}

// sample takes Width bytes from each of many random places, in random order.
func sample(texts [][]byte, places int) (out []byte) {
	random := rand.New(rand.NewPCG(1, 2))
	for range places {
		text := texts[random.IntN(len(texts))]
		at := random.IntN(len(text) - textmodel.Width)
		out = append(out, text[at:at+textmodel.Width]...)
	}
	return out
}

// warmed returns the automaton with the states that the texts visit, each text
// adding its share.
func warmed(p *plan.Plan, texts [][]byte) *automaton.DFA {
	runner := automaton.NewRunner(p.DFA)
	runner.Grant(math.MaxInt32)
	var scratch prefilter.Scratch
	for i, text := range texts {
		text = text[:min(len(text), warm)]
		p.Filter.Places(text, 0, len(text), &scratch, func(at int) bool {
			runner.Run(text, at)
			return runner.DFA().States() < states*(i+1)/len(texts)
		})
		runner.Reset(len(text))
	}
	return runner.DFA()
}

// read returns all regular files below path, one after the other.
func read(path string) (text []byte, err error) {
	err = filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		file, err := os.ReadFile(name)
		text = append(text, file...)
		return err
	})
	if err == nil && len(text) <= textmodel.Width {
		err = fmt.Errorf("%s: too little text", path)
	}
	return text, err
}
