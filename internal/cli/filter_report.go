package cli

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/stanch-dev/stanch/proxy"
)

// filterSummary tells what a filter did.
type filterSummary struct {
	proxy.Stats
	style       string
	shadow      bool
	interrupted bool
}

// String says it in one line.
func (s *filterSummary) String() string {
	var b strings.Builder
	verb := "redacted"
	if s.shadow {
		verb = "would be redacted"
	}
	fmt.Fprintf(&b, "%s, %s, %s %s", count(s.Lines, "line"), count(s.Bytes, "byte"), count(s.Redacted, "secret"), verb)
	if s.Redacted > 0 {
		fmt.Fprintf(&b, " (%s)", strings.Join(s.byRule(), ", "))
	}
	for _, part := range []struct {
		n    int
		text string
	}{
		{s.Allowed, count(s.Allowed, "secret") + " allowed"},
		{s.Forced, count(s.Forced, "secret") + " replaced before the end was seen"},
		{s.Unclosed, count(s.Unclosed, "private key") + " without an end"},
		{s.GivenUp, count(s.GivenUp, "place") + " given up, where a secret may be too long to be found"},
		{s.Late, count(s.Late, "secret") + " found when the first bytes were out"},
		{s.Cut, count(s.Cut, "line") + " cut off"},
		{s.Withheld, count(s.Withheld, "byte") + " withheld"},
	} {
		if part.n > 0 {
			b.WriteString("; " + part.text)
		}
	}
	fmt.Fprintf(&b, "; scanned %d of %s", s.Scanned, count(s.Bytes, "byte"))
	if s.interrupted {
		b.WriteString("; interrupted")
	}
	return b.String()
}

// byRule returns each rule with its number of secrets, most first.
func (s *filterSummary) byRule() []string {
	byCount := slices.SortedFunc(maps.Keys(s.Rules), func(a, b string) int {
		return cmp.Or(cmp.Compare(s.Rules[b], s.Rules[a]), strings.Compare(a, b))
	})
	for i, rule := range byCount {
		byCount[i] = fmt.Sprintf("%s: %d", rule, s.Rules[rule])
	}
	return byCount
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// filterReport writes what a filter did in lines of JSON. It keeps its first error
// until the end, since a stream must not stop for its report.
type filterReport struct {
	file io.WriteCloser // nil for no report
	err  error
}

func openFilterReport(name string) (*filterReport, error) {
	if name == "" {
		return &filterReport{}, nil
	}
	file, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	return &filterReport{file: file}, err
}

// reportedSecret is a known secret in the report.
type reportedSecret struct {
	ID      string `json:"id"`
	Version int    `json:"version"`
}

// redacted writes the line of one secret.
func (r *filterReport) redacted(redaction *proxy.Redaction) {
	f := &redaction.Finding
	r.write(struct {
		Time        time.Time       `json:"time"`
		Rule        string          `json:"rule"`
		Known       *reportedSecret `json:"known,omitempty"`
		Start       int             `json:"start"`
		End         int             `json:"end"`
		StartLine   int             `json:"start_line"`
		StartColumn int             `json:"start_column"`
		EndLine     int             `json:"end_line"`
		EndColumn   int             `json:"end_column"`
		Encoding    string          `json:"encoding"`
		Action      string          `json:"action"`
		Style       string          `json:"style"`
		Policy      []string        `json:"policy,omitempty"` // rules that decided
		Placeholder string          `json:"placeholder,omitempty"`
		Forced      bool            `json:"forced,omitempty"`
	}{
		time.Now().UTC(), f.Rule.ID, knownOf(redaction), f.Secret.Start, f.Secret.End, f.StartLine, f.StartColumn, f.EndLine, f.EndColumn,
		f.Encoding.String(), redaction.Decision.Action.String(), redaction.Decision.Style.String(), redaction.Decision.Rules, redaction.Text, redaction.Forced,
	})
}

// close writes the totals and returns the first error there was.
func (r *filterReport) close(s *filterSummary) error {
	if r.file == nil {
		return nil
	}
	if s.Rules == nil {
		s.Rules = map[string]int{} // not null
	}
	r.write(struct {
		Time        time.Time      `json:"time"`
		Lines       int            `json:"lines"`
		Bytes       int            `json:"bytes"`
		Scanned     int            `json:"scanned_bytes"`
		Redacted    int            `json:"redacted"`
		Known       int            `json:"known"`
		Rules       map[string]int `json:"rules"`
		Allowed     int            `json:"allowed"`
		Style       string         `json:"style"`
		Shadow      bool           `json:"shadow"`
		Forced      int            `json:"forced"`
		Unclosed    int            `json:"unclosed_keys"`
		GivenUp     int            `json:"given_up"`
		Late        int            `json:"late"`
		Cut         int            `json:"cut_lines"`
		Withheld    int            `json:"withheld_bytes"`
		Interrupted bool           `json:"interrupted"`
	}{
		time.Now().UTC(), s.Lines, s.Bytes, s.Scanned, s.Redacted, s.Known, s.Rules, s.Allowed, s.style, s.shadow,
		s.Forced, s.Unclosed, s.GivenUp, s.Late, s.Cut, s.Withheld, s.interrupted,
	})
	if err := cmp.Or(r.err, r.file.Close()); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

func (r *filterReport) write(line any) {
	if r.file == nil || r.err != nil {
		return
	}
	text, err := json.Marshal(line)
	if err == nil {
		_, err = r.file.Write(append(text, '\n'))
	}
	r.err = err
}
