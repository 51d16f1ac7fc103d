package suite

import (
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/cover"
)

// Coverage tells which lines the tests reach. A line counts if it has a rule's head
// or an expression; heads are reached when the rule holds, expressions when they are
// tried. A line of which only a part is reached counts as not reached in percentages.
type Coverage struct {
	Percent float64        `json:"percent"` // of all lines that count
	Files   []FileCoverage `json:"files"`   // the policies of the directory, not its tests
}

// FileCoverage is the coverage of one file.
type FileCoverage struct {
	File       string  `json:"file"`
	Percent    float64 `json:"percent"`
	Covered    []Lines `json:"covered"`     // of which something is reached
	NotCovered []Lines `json:"not_covered"` // of which something is not; a line may be in both
}

// Lines are the lines From to To, both included.
type Lines struct {
	From int `json:"from"`
	To   int `json:"to"`
}

// Reaches reports whether the tests reach something of line.
func (f FileCoverage) Reaches(line int) bool {
	return slices.ContainsFunc(f.Covered, func(l Lines) bool { return l.From <= line && line <= l.To })
}

func (p *Program) coverage(covered *cover.Cover) *Coverage {
	report := covered.Report(p.Policies)
	result := &Coverage{Files: []FileCoverage{}}
	reached, all := 0, 0
	for _, name := range slices.Sorted(maps.Keys(p.Policies)) {
		yes, no := rowsOf(report.Files[name].Covered), rowsOf(report.Files[name].NotCovered)
		lines := maps.Clone(yes)
		maps.Copy(lines, no)
		full := len(lines) - len(no)
		reached, all = reached+full, all+len(lines)
		result.Files = append(result.Files, FileCoverage{name, percent(full, len(lines)), spans(yes), spans(no)})
	}
	result.Percent = percent(reached, all)
	return result
}

func rowsOf(ranges []cover.Range) map[int]bool {
	lines := map[int]bool{}
	for _, r := range ranges {
		for line := r.Start.Row; line <= r.End.Row; line++ {
			lines[line] = true
		}
	}
	return lines
}

// percent returns part of all in percent; of nothing, all is reached.
func percent(part, all int) float64 {
	if all == 0 {
		return 100
	}
	return 100 * float64(part) / float64(all)
}

func spans(lines map[int]bool) []Lines {
	all := []Lines{}
	for _, line := range slices.Sorted(maps.Keys(lines)) {
		if last := len(all) - 1; last >= 0 && all[last].To == line-1 {
			all[last].To = line
		} else {
			all = append(all, Lines{line, line})
		}
	}
	return all
}
