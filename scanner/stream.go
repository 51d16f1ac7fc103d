package scanner

import (
	"bytes"

	"github.com/stanch-dev/stanch/internal/known"
	"github.com/stanch-dev/stanch/internal/secret"
)

// StreamOptions says what a stream looks for beside the rules.
type StreamOptions struct {
	Known *known.Set // known secrets; nil for none
	// Presented are values that nobody keeps, but that are secrets in this text: what a
	// client showed in its request, in the response. Nil for none.
	Presented *known.Set
	// Frames leaves out of the text what log formats put within a record that they
	// have split: the headers of CRI's partial lines, and Docker's in JSON, in a text
	// whose first line has one. A secret that such a header cuts in two is found, and
	// the header stays.
	Frames bool
}

// Piece is a part of a stream: clean text, or a secret in it.
type Piece struct {
	At     int     // where it begins, in bytes of the text
	Text   []byte  // valid until the function it was handed to returns; nil for a secret
	Secret *Secret // nil for text
}

// Secret is one secret in a stream. It owns its memory.
type Secret struct {
	// Finding tells what was found. Its Secret span is what is to be replaced.
	Finding Finding
	// Value is the secret, decoded; empty where it is longer than what is kept of it.
	Value  secret.Bytes
	Source secret.Bytes // what stands in the span
	// Before and After are the text around the span, as far as it is there: up to 256
	// bytes before and 16 after. What stands before can have been a secret too.
	Before, After secret.Bytes
	// Forced tells that the secret was let go before its end was seen; the rest of it
	// is left out of the stream.
	Forced bool
	// Unclosed tells that it is a private key without an end.
	Unclosed bool

	layers []layer
}

// Encode appends to dst what must stand in place of the source so that it decodes
// to replacement there. Dashes or asterisks can follow it where an encoding writes
// several bytes at once.
func (s *Secret) Encode(dst, replacement []byte) []byte {
	for fill := 0; fill < mostFill; fill++ {
		if text, ok := s.encode(replacement, fill); ok {
			return append(dst, text...)
		}
	}
	text := bytes.Clone(replacement)
	for i := range s.layers {
		text = s.layers[i].encode(text)
	}
	return append(dst, text...)
}

// mostFill is how many dashes may be needed for three layers of base64.
const mostFill = 27

// encode returns replacement, followed by dashes, in all encodings, and whether
// none had to add asterisks where they would break another.
func (s *Secret) encode(replacement []byte, fill int) (text []byte, ok bool) {
	text = append(bytes.Clone(replacement), bytes.Repeat([]byte{'-'}, fill)...)
	strict := false
	for _, l := range s.layers {
		if strict && l.fills(len(text)) {
			return nil, false
		}
		strict = strict || l.inGroups()
		text = l.encode(text)
	}
	return text, true
}

// StreamStats counts what a stream has seen.
type StreamStats struct {
	Bytes int // written to it
	// GivenUp counts places where a secret had begun that was longer than can be
	// looked at, of a kind that is known only by its end; its text was let through.
	GivenUp int
	// Late counts secrets of which the first bytes had gone out already, as Idle asked.
	Late int
}

// Stream finds the secrets of one text that arrives in parts. How the text is cut
// makes no difference to what is found, unless Idle is called.
//
// A stream is searched on several levels: the text itself, then what it becomes
// when one layer of encodings is undone, and so on. On each, what was decided stays
// so: an expression is tried where no more text can change its matches. Text goes
// out as soon as it can be part of no secret, though it may be needed as context
// still. Memory is bounded, whatever the text: no match is looked for that is
// longer than 8 KiB, and no private key longer than 64 KiB is held back; what
// exceeds that is replaced and then left out as it comes.
//
// Rules that require others count without them, and words that allow a finding
// count only before it: what comes later cannot be waited for.
//
// A Stream is not safe for concurrent use.
type Stream struct {
	s *Scanner
	*streams
	opts  StreamOptions
	out   func(Piece)
	stats StreamStats
	first level
	w     *worker // during a call

	found   []foundSecret // not handed out, by start, none overlapping the next
	emitted int           // position up to which text was handed out
	line    int           // of emitted, from 1
	column  int
}

// foundSecret is a secret that was found and not handed out.
type foundSecret struct {
	start, end int // of the first level
	secret     *Secret
	level      *level // that it was found on
	epoch      int    // of that level
	on         span   // where, there
	silent     bool   // the rest of one that was handed out
}

// NewStream returns a stream that hands its pieces to out, in order.
func (s *Scanner) NewStream(opts StreamOptions, out func(Piece)) *Stream {
	s.streamsOnce.Do(func() { s.streams.prepare(s.rules) })
	st := &Stream{s: s, streams: &s.streams}
	st.first.init(st, 0)
	st.Reset(opts, out)
	return st
}

// Reset makes st a stream of another text, which is as one that NewStream returns but
// for the memory that it has already.
func (st *Stream) Reset(opts StreamOptions, out func(Piece)) {
	st.opts, st.out, st.stats = opts, out, StreamStats{}
	clear(st.found)
	st.found, st.emitted, st.line, st.column = st.found[:0], 0, 1, 1
	st.first.decoder.Frames = opts.Frames
	st.first.release()
	st.first.restart(0)
}

// Stats returns what the stream has seen so far.
func (st *Stream) Stats() StreamStats { return st.stats }

// Held returns how many bytes are held back, since they may be part of a secret.
func (st *Stream) Held() int { return st.first.end() - st.emitted }

// stepSize is how much text is taken at a time, in bytes.
const stepSize = 64 << 10

// Write adds p to the text and hands out what is decided by it.
func (st *Stream) Write(p []byte) {
	st.enter()
	for len(p) > 0 {
		n := min(len(p), stepSize)
		st.stats.Bytes += n
		st.first.add(p[:n])
		st.first.search(asFar{})
		st.emit(st.first.hold())
		st.first.forget(st.emitted)
		p = p[n:]
	}
	st.leave()
}

// End ends a record: nothing that follows belongs to what came before, and all of
// that is handed out. Cut tells that the record was cut off here, so that the
// beginning of a known secret counts as one. The stream can go on with another
// record, of which positions and lines count on.
func (st *Stream) End(cut bool) {
	st.enter()
	st.first.search(asFar{ended: true, cut: cut})
	st.emit(st.first.end())
	st.first.restart(st.first.end())
	st.leave()
}

// Idle hands out what is held back only because it might become part of a secret
// with what follows. Where a secret has begun, nothing goes out.
func (st *Stream) Idle() {
	st.enter()
	st.emit(st.first.firmHold())
	st.leave()
}

func (st *Stream) enter() { st.w = st.s.workers.Get().(*worker) }

func (st *Stream) leave() {
	st.w.release()
	st.w.runner.Trim()
	st.s.workers.Put(st.w)
	st.w = nil
}

// emit hands out what stands before hold.
func (st *Stream) emit(hold int) {
	for len(st.found) > 0 {
		f := &st.found[0]
		if f.end > hold {
			hold = min(hold, f.start)
			break
		}
		st.text(f.start)
		if f.end > st.emitted {
			st.handOut(f)
		}
		st.found = st.found[:copy(st.found, st.found[1:])]
	}
	st.text(hold)
}

// text hands out text up to a position.
func (st *Stream) text(upto int) {
	if from := st.emitted; upto > from {
		st.advance(upto)
		st.out(Piece{At: from, Text: st.first.slice(from, upto)})
	}
}

// advance moves emitted, and its line and column.
func (st *Stream) advance(to int) {
	taken := st.first.slice(st.emitted, to)
	if n := bytes.Count(taken, newline); n > 0 {
		st.line += n
		st.column = len(taken) - bytes.LastIndexByte(taken, '\n')
	} else {
		st.column += len(taken)
	}
	st.emitted = to
}

func (st *Stream) handOut(f *foundSecret) {
	if f.silent {
		st.advance(f.end)
		return
	}
	s := f.secret
	if f.start < st.emitted {
		s.layers = nil
		st.stats.Late++
		f.start = st.emitted
	}
	s.Finding.Secret = Span{f.start, f.end}
	s.Source = secret.Of(bytes.Clone(st.first.slice(f.start, f.end)))
	s.Before = secret.Of(bytes.Clone(st.first.slice(f.start-sourceBefore, f.start)))
	s.After = secret.Of(bytes.Clone(st.first.slice(f.end, f.end+sourceAfter)))
	s.Finding.StartLine, s.Finding.StartColumn = st.line, st.column
	st.advance(f.end)
	s.Finding.EndLine, s.Finding.EndColumn = st.line, max(1, st.column-1)
	st.out(Piece{At: f.start, Secret: s})
}

const (
	sourceBefore = 256
	sourceAfter  = 16
)

// add takes in a secret that was found. One that overlaps others becomes one with
// them.
func (st *Stream) add(f foundSecret) {
	if f.end <= st.emitted {
		return
	}
	at := len(st.found)
	for at > 0 && st.found[at-1].end > f.start {
		at--
	}
	n := at
	for n < len(st.found) && st.found[n].start < f.end {
		f = join(&st.found[n], &f)
		n++
	}
	st.found = append(st.found[:at], append([]foundSecret{f}, st.found[n:]...)...)
}

// join returns one for two that overlap. The more telling one names it; what stands
// there is written as the one that covers both, if one does.
func join(a, b *foundSecret) foundSecret {
	if a.silent != b.silent {
		if a.silent {
			a, b = b, a
		}
		a.start, a.end = min(a.start, b.start), max(a.end, b.end)
		return *a
	}
	first, other := a, b
	if other.secret.precedes(first.secret, first, other) {
		first, other = other, first
	}
	joined := *first
	joined.start, joined.end = min(a.start, b.start), max(a.end, b.end)
	s := *first.secret
	joined.secret = &s
	s.Forced = a.secret.Forced || b.secret.Forced
	switch {
	case joined.start == first.start && joined.end == first.end:
	case joined.start == other.start && joined.end == other.end:
		s.layers, joined.level, joined.on, joined.epoch = other.secret.layers, other.level, other.on, other.epoch
	case a.level == b.level && a.epoch == b.epoch && a.level.remembers(a.on.with(b.on), a.epoch):
		joined.on = a.on.with(b.on)
		start, end, layers := a.level.source(joined.on)
		joined.start, joined.end, s.layers = min(start, joined.start), max(end, joined.end), layers
	default:
		s.layers = nil
	}
	return joined
}

// precedes reports whether s, found at f, rather than other names what both cover:
// a known secret, then what a telling rule found, then the first, then the longest.
func (s *Secret) precedes(other *Secret, o, f *foundSecret) bool {
	switch a, b := s.rank(), other.rank(); {
	case a != b:
		return a < b
	case f.start != o.start:
		return f.start < o.start
	case f.end != o.end:
		return f.end > o.end
	case s.Finding.Depth != other.Finding.Depth:
		return s.Finding.Depth < other.Finding.Depth
	}
	return s.Finding.Rule.ID < other.Finding.Rule.ID
}

func (s *Secret) rank() int {
	switch {
	case s.Finding.Known != nil, s.Finding.Rule == presentedRule:
		return 0
	case isGeneric(s.Finding.Rule):
		return 2
	}
	return 1
}
