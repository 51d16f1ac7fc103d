package replay

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/stanch-dev/stanch/policies"
)

// How much a report keeps, whatever the log.
const (
	maxErrors   = 20
	maxExamples = 5    // of one group
	maxNames    = 1000 // that are counted in one group; later ones are counted together
	maxTop      = 20   // names of one group in the report
	maxName     = 200  // bytes of a name
)

// Report is what the candidate would change.
type Report struct {
	Revision string    `json:"revision"` // of the candidate
	Events   int       `json:"events"`   // read, of any time and any rule
	Outside  int       `json:"outside"`  // of another time than was asked for
	Foreign  int       `json:"foreign"`  // decided by rules that are not stanch's
	Replayed int       `json:"replayed"` // decided again
	Access   int       `json:"access"`   // of those, about access
	Changed  int       `json:"changed"`
	First    time.Time `json:"first"` // the times of what was decided again; zero: nothing was
	Last     time.Time `json:"last"`
	// Groups are the changes: access first, and what is less held back first.
	Groups []Group `json:"groups"`
	// CannotReplay are events that say too little to be decided again.
	CannotReplay []Count `json:"cannot_replay"`
	// Errors are the first lines that could not be read, of Unreadable.
	Errors     []LineError `json:"errors"`
	Unreadable int         `json:"unreadable"`
	Incomplete bool        `json:"incomplete"` // something could not be read, or the replay was cancelled
	// Unused are the grants of the candidate by which no recorded request was allowed.
	Unused []Grant `json:"unused_grants"`
}

// Group are the changes of one kind.
type Group struct {
	Entrypoint policies.Entrypoint `json:"entrypoint"`
	Kind       Kind                `json:"kind"`
	Count      int                 `json:"count"`
	Subjects   []Count             `json:"subjects"` // whose decisions change, most first
	Causes     []Count             `json:"causes"`   // "+grant x" where the candidate says so, "-grant x" where it was so
	Examples   []Example           `json:"examples"` // the first of the log
}

// Count is how often something was seen. "others" stands for all beyond a limit.
type Count struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

// Example is one decision that changes.
type Example struct {
	Log      string    `json:"log"`
	Line     int       `json:"line"`
	ID       string    `json:"decision_id"`
	Time     time.Time `json:"time"`
	Subject  string    `json:"subject"`
	Action   string    `json:"action"`
	Resource string    `json:"resource"`
	Before   string    `json:"before"` // as recorded
	After    string    `json:"after"`  // by the candidate
}

// LineError is a line that could not be read.
type LineError struct {
	Log     string `json:"log"`
	Line    int    `json:"line"` // 0: the log as a whole
	Message string `json:"message"`
}

// Grant is a grant that was not used.
type Grant struct {
	ID    string `json:"id"`
	File  string `json:"file"`
	Line  int    `json:"line"`
	Owner string `json:"owner"`
}

// String returns FILE:LINE: grant ID.
func (g Grant) String() string { return fmt.Sprintf("%s:%d: grant %s", g.File, g.Line, g.ID) }

// tally counts names, up to maxNames of them.
type tally struct {
	counts map[string]int
	others int
}

func (t *tally) add(name string) {
	if name == "" {
		return
	}
	name = clip(name)
	if t.counts == nil {
		t.counts = map[string]int{}
	}
	if _, known := t.counts[name]; !known && len(t.counts) >= maxNames {
		t.others++
		return
	}
	t.counts[name]++
}

// top returns the names seen most, and how often the others were.
func (t *tally) top(n int) []Count {
	all := []Count{}
	for name, count := range t.counts {
		all = append(all, Count{name, count})
	}
	slices.SortFunc(all, func(a, b Count) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Name, b.Name))
	})
	others := t.others
	for _, c := range all[min(n, len(all)):] {
		others += c.Count
	}
	all = all[:min(n, len(all))]
	if others > 0 {
		all = append(all, Count{"others", others})
	}
	return all
}
