package split

import "bytes"

const (
	maxEventLine = 64 << 10 // longest line that is looked into, in bytes
	maxOpenTexts = 64       // texts beside the main one that are open at once
)

func isSSE(_ Body, media string) bool { return media == "text/event-stream" }

func newSSE(_ Body, _ string, out func(Part) error) Splitter {
	return &sse{out: out, first: true}
}

// sse is the splitter of server-sent events (WHATWG HTML, section "Server-sent
// events"). All is the main text, but for strings that models send token by token:
// in a data line that is JSON, the content between the quotes of such a string is a
// Text of its own, which goes on over the events, so that a secret is seen whole
// however it was cut. Each such string is one part, with its escapes as they are.
//
// A data line that is not JSON by itself or is longer than 64 KiB is main text. A
// text ends at "data: [DONE]", at an event that says so of its block
// (content_block_stop and the like), with the body, and when 64 others were used since.
type sse struct {
	out    func(Part) error
	tokens tokenReader
	held   []byte     // the start of a line, at most maxEventLine
	long   bool       // within a line that is too long
	first  bool       // no line has ended yet
	open   []openText // those used longest ago first
	texts  int        // texts so far, without the main one
}

// openText is a text that may go on in a later event.
type openText struct {
	text       int
	key, event uint64 // of the token
}

// Write implements [Splitter].
func (s *sse) Write(p []byte) error {
	if s.long || len(s.held) > 0 {
		n, err := s.resume(p)
		if err != nil {
			return err
		}
		p = p[n:]
	}
	whole := bytes.LastIndexAny(p, "\r\n") + 1
	if err := s.lines(p[:whole]); err != nil {
		return err
	}
	return s.hold(p[whole:])
}

// End implements [Splitter]. A last line without its end is looked into as well.
func (s *sse) End() error {
	if err := s.lines(s.held); err != nil {
		return err
	}
	if err := s.close(func(openText) bool { return true }); err != nil {
		return err
	}
	return s.out(Part{Kind: Text, Last: true})
}

// resume goes on with the line that an earlier Write began, and returns how much of
// p belongs to it.
func (s *sse) resume(p []byte) (int, error) {
	n := lineEnd(p)
	if n < 0 {
		return len(p), s.hold(p)
	}
	n++
	if s.long {
		s.long = false
		return n, s.main(p[:n])
	}
	line := append(s.held, p[:n]...)
	s.held = line[:0]
	return n, s.lines(line)
}

// hold keeps the start of a line, unless it becomes too long.
func (s *sse) hold(p []byte) error {
	if !s.long && len(s.held)+len(p) <= maxEventLine {
		s.held = append(s.held, p...)
		return nil
	}
	s.long, s.first = true, false
	if err := s.main(s.held); err != nil {
		return err
	}
	s.held = s.held[:0]
	return s.main(p)
}

// lines hands out whole lines. Each byte that ends a line counts alone: the empty
// line within CR LF is text like any other.
func (s *sse) lines(b []byte) error {
	done := 0 // bytes of b that are out
	for at := 0; at < len(b); {
		end := len(b)
		if n := lineEnd(b[at:]); n >= 0 {
			end = at + n
		}
		if value := s.data(b[at:end]); len(value) > 0 {
			var err error
			if done, err = s.event(b, done, end-len(value), end); err != nil {
				return err
			}
		}
		at = end + 1
	}
	return s.main(b[done:])
}

// event hands out the tokens of the data b[start:end], each behind the main text
// that is before it, from done on. It returns how much of b is out then.
func (s *sse) event(b []byte, done, start, end int) (int, error) {
	if string(bytes.TrimSpace(b[start:end])) == "[DONE]" {
		return done, s.close(func(openText) bool { return true })
	}
	tokens, stop := s.tokens.read(b[start:end])
	for _, t := range tokens {
		text, err := s.text(t)
		if err != nil {
			return done, err
		}
		if err := s.main(b[done : start+t.start]); err != nil {
			return done, err
		}
		done = start + t.end
		if err := s.out(Part{Kind: Text, Text: text, Data: b[start+t.start : done]}); err != nil {
			return done, err
		}
	}
	return done, s.close(func(o openText) bool { return stop != 0 && o.event == stop })
}

// data returns the value of a data line that is short enough, or nil.
func (s *sse) data(line []byte) []byte {
	short := len(line) <= maxEventLine
	if s.first { // one byte order mark may stand before all
		s.first = false
		line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
	}
	value, ok := bytes.CutPrefix(line, []byte("data:"))
	if !ok || !short {
		return nil
	}
	return value
}

// text returns the number of the token's text. If there is no room for a new one, it
// ends the text that was used longest ago.
func (s *sse) text(t token) (int, error) {
	for i, o := range s.open {
		if o.key == t.key {
			s.open = append(append(s.open[:i], s.open[i+1:]...), o)
			return o.text, nil
		}
	}
	if len(s.open) == maxOpenTexts {
		oldest := s.open[0].text
		if err := s.close(func(o openText) bool { return o.text == oldest }); err != nil {
			return 0, err
		}
	}
	s.texts++
	s.open = append(s.open, openText{text: s.texts, key: t.key, event: t.event})
	return s.texts, nil
}

// close ends the open texts that which chooses.
func (s *sse) close(which func(openText) bool) error {
	kept := s.open[:0]
	for _, o := range s.open {
		if !which(o) {
			kept = append(kept, o)
			continue
		}
		if err := s.out(Part{Kind: Text, Text: o.text, Last: true}); err != nil {
			return err
		}
	}
	s.open = kept
	return nil
}

// main hands out bytes of the main text.
func (s *sse) main(p []byte) error {
	if len(p) == 0 {
		return nil
	}
	return s.out(Part{Kind: Text, Data: p})
}

// lineEnd returns where the first line of b ends, or -1.
func lineEnd(b []byte) int {
	for i, c := range b {
		if c == '\n' || c == '\r' {
			return i
		}
	}
	return -1
}
