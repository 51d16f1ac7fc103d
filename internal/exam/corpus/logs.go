package corpus

import (
	"embed"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

//go:embed formats
var formatFiles embed.FS

// Records that carry a secret: where gitleaks' rules want a value to end (quote,
// blank, end of line), and where most of them do not find it (&, comma, brackets).
var (
	//go:embed leaks.txt
	leaks string
	//go:embed leaks_inline.txt
	inlineLeaks string
)

// LogOptions chooses what [Logs] writes.
type LogOptions struct {
	// Formats are names of [LogFormats], written in bursts of some kilobytes.
	// Empty means all of them: one interleaved stream of many services.
	Formats []string
	// Secrets are planted in turn, one every Every bytes, in a record of their own;
	// Every zero plants none. A value is written as it is, so that one which is
	// found only beside a name (key = "…") must bring the name along.
	Secrets []Secret
	Every   int64
	// Inline puts half of the secrets before an ampersand, comma or bracket, where
	// most of gitleaks' rules do not find them.
	Inline bool
	// Planted, unless nil, is called for every secret, in the order of the text.
	Planted func(Planted)
}

// LogFormats returns the names of the log formats, sorted.
func LogFormats() (names []string) {
	files, err := formatFiles.ReadDir("formats")
	if err != nil {
		panic(err) // embedded
	}
	for _, f := range files {
		names = append(names, strings.TrimSuffix(f.Name(), ".txt"))
	}
	return names
}

// Logs writes log records of about 140 bytes a line until there are size bytes; the
// last record is whole, so that there may be some hundred bytes more. It fails for
// an unknown format and when w does.
func Logs(w io.Writer, seed uint64, size int64, opts LogOptions) error {
	formats := opts.Formats
	if len(formats) == 0 {
		formats = LogFormats()
	}
	c := compiler{}
	var records [][]field
	for _, name := range formats {
		if !slices.Contains(LogFormats(), name) {
			return fmt.Errorf("corpus: no log format %q; there are %s", name, strings.Join(LogFormats(), ", "))
		}
		text, err := formatFiles.ReadFile("formats/" + name + ".txt")
		if err != nil {
			return err
		}
		records = append(records, c.records(string(text)))
	}
	l := &logWriter{stream: newStream(w, seed), records: records, leak: newLeaks(c, &opts)}
	if opts.Planted != nil {
		l.planted = opts.Planted
	}
	return l.fill(size, l.record)
}

// logWriter mixes the records of several formats and plants secrets between them.
type logWriter struct {
	*stream
	records [][]field // per format
	format  []field   // one of records
	until   int64     // offset at which another format takes over
	leak    *leakPlan
}

// record appends one record.
func (l *logWriter) record() {
	l.now = l.now.Add(time.Duration(l.rng.IntN(40_000)) * time.Microsecond)
	if l.leak.due(l.size()) {
		l.leak.plant(l.stream)
		return
	}
	if l.size() >= l.until {
		l.format = l.records[l.rng.IntN(len(l.records))]
		l.until = l.size() + int64(l.between(1, 4000))
	}
	l.format[l.rng.IntN(len(l.format))](l.stream)
}

// leakPlan says when the next secret is due and in what record.
type leakPlan struct {
	secrets []Secret
	every   int64 // 0: never
	count   int   // planted so far
	records []field
	block   field // for values of several lines
}

func newLeaks(c compiler, opts *LogOptions) *leakPlan {
	p := &leakPlan{secrets: opts.Secrets, every: opts.Every, records: c.records(leaks)}
	if len(p.secrets) == 0 {
		p.every = 0
	}
	if opts.Inline {
		p.records = append(p.records, c.records(inlineLeaks)...)
	}
	p.block = c.compile("$(time:2006-01-02T15:04:05.000Z) $(host) $(service): rejected:\n$(secret)\n")
	return p
}

// due reports whether a secret belongs at this offset. The first one comes after
// half an interval, so that short streams hold one too.
func (p *leakPlan) due(offset int64) bool {
	return p.every > 0 && offset >= p.every/2+int64(p.count)*p.every
}

func (p *leakPlan) plant(s *stream) {
	s.secret = p.secrets[p.count%len(p.secrets)]
	p.count++
	record := p.records[s.rng.IntN(len(p.records))]
	if strings.Contains(s.secret.Value, "\n") {
		record = p.block
	}
	record(s)
}
