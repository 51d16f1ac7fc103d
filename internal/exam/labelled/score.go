package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/stanch-dev/stanch/internal/exam/labelled/set"
)

// place is a line of a file of the set, or a range of them.
type place struct {
	file       string
	start, end int
}

// tally counts items of a class.
type tally struct {
	Found int `json:"found"`
	Of    int `json:"of"`
}

// figures are a tool's.
type figures struct {
	Tool      string           `json:"tool"`
	Secrets   map[string]tally `json:"secrets"` // class → how many are found
	Decoys    map[string]tally `json:"decoys"`  // class → how many are taken for secrets
	Unlabeled int              `json:"unlabelled"`
	Precision float64          `json:"precision"`
	Recall    float64          `json:"recall"`
}

// wide is the class of labels over many lines, whose wrong lines are counted one
// by one.
func wide(l *set.Label) bool { return !l.Secret && l.End-l.Start > 100 }

// score judges what a tool has found. A finding is right when it touches a secret,
// the first one counts; else it is wrong on the line where it starts.
func score(tool string, labels []set.Label, found []place) figures {
	f := figures{Tool: tool, Secrets: map[string]tally{}, Decoys: map[string]tally{}}
	right, wrong := judge(labels, found)
	for i := range labels {
		l := &labels[i]
		classes, hits, count := f.Decoys, 0, 1
		if l.Secret {
			classes = f.Secrets
		}
		for line := l.Start; line <= l.End; line++ {
			at := place{l.File, line, line}
			if l.Secret && right[at] || wrong[at] {
				hits++
			}
			delete(wrong, at)
		}
		if wide(l) {
			count = l.End - l.Start + 1
		} else {
			hits = min(hits, 1)
		}
		t := classes[l.Class]
		classes[l.Class] = tally{t.Found + hits, t.Of + count}
	}
	f.Unlabeled = len(wrong)
	secrets, decoys := total(f.Secrets), total(f.Decoys)
	f.Precision = float64(secrets.Found) / float64(max(1, secrets.Found+decoys.Found+f.Unlabeled))
	f.Recall = float64(secrets.Found) / float64(max(1, secrets.Of))
	return f
}

// judge parts the lines of findings that touch a secret from those on which the
// other findings start.
func judge(labels []set.Label, found []place) (right, wrong map[place]bool) {
	secret := map[place]bool{}
	for _, l := range labels {
		for line := l.Start; l.Secret && line <= l.End; line++ {
			secret[place{l.File, line, line}] = true
		}
	}
	right, wrong = map[place]bool{}, map[place]bool{}
	for _, p := range found {
		touches := false
		for line := p.start; line <= p.end && !touches; line++ {
			if at := (place{p.file, line, line}); secret[at] {
				right[at], touches = true, true
			}
		}
		if !touches {
			wrong[place{p.file, p.start, p.start}] = true
		}
	}
	return right, wrong
}

func total(classes map[string]tally) (sum tally) {
	for _, t := range classes {
		sum.Found += t.Found
		sum.Of += t.Of
	}
	return sum
}

// describe lists the secrets that were missed and the lines that were taken for one.
func describe(w io.Writer, labels []set.Label, found []place) {
	right, wrong := judge(labels, found)
	for _, l := range labels {
		hit := false
		for line := l.Start; line <= l.End; line++ {
			at := place{l.File, line, line}
			hit = hit || right[at]
			if wrong[at] {
				fmt.Fprintf(w, "taken for a secret: %s: %s:%d\n", l.Class, l.File, line)
				delete(wrong, at)
			}
		}
		if l.Secret && !hit {
			fmt.Fprintf(w, "missed: %s: %s:%d\n", l.Class, l.File, l.Start)
		}
	}
	for at := range wrong {
		fmt.Fprintf(w, "taken for a secret: no label: %s:%d\n", at.file, at.start)
	}
}

func writeJSON(w io.Writer, seed uint64, digest string, all []figures) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(struct {
		Seed   uint64    `json:"seed"`
		Digest string    `json:"digest"`
		Tools  []figures `json:"tools"`
	}{seed, digest, all})
}

// writeMarkdown writes a row for each class and a column for each tool.
func writeMarkdown(w io.Writer, seed uint64, digest string, all []figures) {
	fmt.Fprintf(w, "Seed %d, set %s.\n\n| | of |", seed, digest)
	rule := "|---|---|"
	for _, f := range all {
		fmt.Fprintf(w, " %s |", f.Tool)
		rule += "---|"
	}
	fmt.Fprintln(w, "\n"+rule)
	rows := func(title string, classes func(*figures) map[string]tally) {
		first := classes(&all[0])
		for _, class := range slices.SortedFunc(maps.Keys(first), cmp.Compare[string]) {
			fmt.Fprintf(w, "| %s: %s | %d |", title, class, first[class].Of)
			for i := range all {
				fmt.Fprintf(w, " %d |", classes(&all[i])[class].Found)
			}
			fmt.Fprintln(w)
		}
	}
	rows("found", func(f *figures) map[string]tally { return f.Secrets })
	rows("taken for a secret", func(f *figures) map[string]tally { return f.Decoys })
	ratio := func(title string, value func(*figures) string) {
		fmt.Fprintf(w, "| %s | |", title)
		for i := range all {
			fmt.Fprintf(w, " %s |", value(&all[i]))
		}
		fmt.Fprintln(w)
	}
	ratio("taken for a secret: other lines", func(f *figures) string { return fmt.Sprint(f.Unlabeled) })
	ratio("**precision**", func(f *figures) string { return fmt.Sprintf("%.1f %%", 100*f.Precision) })
	ratio("**recall**", func(f *figures) string { return fmt.Sprintf("%.1f %%", 100*f.Recall) })
}
