package message

import (
	"bytes"

	"github.com/stanch-dev/stanch/internal/codec"
	"github.com/stanch-dev/stanch/internal/codec/split"
	"github.com/stanch-dev/stanch/proxy"
)

// maxWaiting is how much of a body may wait for a text that is not decided, in bytes:
// in a stream of events a secret may come token by token, with much around it.
const maxWaiting = 16 << 20

// assembler takes the texts of one body through the filter and puts it together
// again, in order, whatever order they are decided in. What it hands to its flow are
// pieces of the body.
type assembler struct {
	flow  *flow
	split split.Splitter

	first bodyText // the text that begins the body
	only  bool     // nothing but it has come: its places are those of the body
	open  map[int]*bodyText
	queue []*segment // that are not handed out, in order

	in      int // bytes of the body that came in
	done    int // of these, bytes that were handed out
	scanned int // bytes of texts that have ended
}

// bodyText is a text that has not ended.
type bodyText struct {
	number   int
	stream   *proxy.Stream
	segments []*segment // that are not decided, in order
	joined   bool       // each part of it stands for itself, too
}

// segment is a part of the body. Its pieces up to at are decided.
type segment struct {
	start, at, end int
	pieces         []proxy.Piece
	// alone are secrets that the segment has when it is looked at alone, in order: text
	// that others continue may hide where it ends.
	alone []proxy.Piece
}

func (a *assembler) begin(f *flow, body split.Body) {
	a.flow = f
	a.split = body.NewSplitter(a.take)
}

// Write takes the next bytes of the body.
func (a *assembler) Write(p []byte) (int, error) {
	if err := a.split.Write(p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Idle hands out what only might become part of a secret with what follows.
func (a *assembler) Idle() error {
	if a.only && a.first.stream != nil {
		return a.first.stream.Idle()
	}
	for _, t := range a.open {
		if err := t.stream.Idle(); err != nil {
			return err
		}
	}
	return nil
}

// End ends the body.
func (a *assembler) End() error { return a.split.End() }

// Scanned returns how many bytes of text were searched.
func (a *assembler) Scanned() int {
	n := a.scanned
	if a.only && a.first.stream != nil {
		n += a.first.stream.Scanned()
	}
	for _, t := range a.open {
		n += t.stream.Scanned()
	}
	return n
}

// held reports whether a text is held back.
func (a *assembler) held() bool { return a.done < a.in }

// take takes the next part of the body.
func (a *assembler) take(p split.Part) error {
	start := a.in
	a.in += len(p.Data)
	switch p.Kind {
	case split.Frame:
		a.severalTexts()
		return a.insert(proxy.Piece{Text: p.Data, Start: start, End: a.in})
	case split.Packed:
		a.severalTexts()
		return a.repack(&p, start)
	}
	t := a.text(&p)
	if len(p.Data) > 0 {
		if err := a.write(t, p.Data, start); err != nil {
			return err
		}
	}
	if p.Last {
		if err := a.close(t); err != nil {
			return err
		}
	}
	if a.in-a.done > maxWaiting {
		return &codec.LimitError{What: "bytes that wait for a secret's end", Limit: maxWaiting}
	}
	return nil
}

// write takes the next data of a text.
func (a *assembler) write(t *bodyText, data []byte, start int) error {
	if !a.only {
		s := a.push(start)
		t.segments = append(t.segments, s)
		if t.joined {
			if err := a.lookAlone(s, data); err != nil {
				return err
			}
		}
	}
	_, err := t.stream.Write(data)
	return err
}

// close ends a text.
func (a *assembler) close(t *bodyText) error {
	if err := t.stream.End(); err != nil {
		return err
	}
	a.scanned += t.stream.Scanned()
	t.stream.Free()
	t.stream = nil
	delete(a.open, t.number)
	return nil
}

// text returns the text of a part, and begins it if it is new.
func (a *assembler) text(p *split.Part) *bodyText {
	if a.only && a.first.number == p.Text && a.first.stream != nil {
		return &a.first
	}
	if t := a.open[p.Text]; t != nil {
		return t
	}
	t := &a.first
	if a.in == len(p.Data) && t.stream == nil && a.open == nil {
		a.only = true
	} else {
		a.severalTexts()
		if t = a.open[p.Text]; t != nil {
			return t
		}
		t = &bodyText{}
		a.open[p.Text] = t
	}
	t.number, t.joined = p.Text, p.Text != 0 && p.Kind == split.Text
	t.stream = a.flow.c.text(p.Kind == split.Sized, false, func(p proxy.Piece) error { return a.place(t, p) })
	return t
}

// severalTexts prepares for a body that is not just one text.
func (a *assembler) severalTexts() {
	if a.open == nil {
		a.open = map[int]*bodyText{}
	}
	if !a.only {
		return
	}
	a.only = false
	t := &a.first
	if t.stream == nil {
		return
	}
	a.open[t.number] = t
	if held := t.stream.Held(); held > 0 {
		s := &segment{start: a.done, at: a.done, end: a.done + held}
		a.queue, t.segments = append(a.queue, s), append(t.segments, s)
	}
}

// push adds a segment of what came in since start.
func (a *assembler) push(start int) *segment {
	s := &segment{start: start, at: start, end: a.in}
	a.queue = append(a.queue, s)
	return s
}

// insert hands out a piece that is no part of a text, in its turn.
func (a *assembler) insert(p proxy.Piece) error {
	if len(a.queue) == 0 {
		return a.hand(p)
	}
	p.Text = bytes.Clone(p.Text)
	a.queue = append(a.queue, &segment{start: p.Start, at: p.End, end: p.End, pieces: []proxy.Piece{p}})
	return nil
}

// place puts a piece of a text where it stands in the body.
func (a *assembler) place(t *bodyText, p proxy.Piece) error {
	if a.only {
		return a.hand(p)
	}
	sized := len(p.Text) == p.End-p.Start
	for left := p.End - p.Start; left > 0; {
		s := t.segments[0]
		n := min(left, s.end-s.at)
		part := proxy.Piece{Text: p.Text, Start: s.at, End: s.at + n, Redaction: p.Redaction}
		if sized {
			part.Text, p.Text = p.Text[:n], p.Text[n:]
		} else {
			p.Text = nil
		}
		left -= n
		if err := a.overlay(s, part); err != nil {
			return err
		}
		if s.at == s.end {
			t.segments = t.segments[1:]
		}
	}
	return nil
}

// lookAlone notes the secrets that the data of a segment has when nothing follows.
func (a *assembler) lookAlone(s *segment, data []byte) error {
	stream := a.flow.c.text(false, true, func(p proxy.Piece) error {
		if p.Changed() {
			p.Start, p.End, p.Text = p.Start+s.start, p.End+s.start, bytes.Clone(p.Text)
			s.alone = append(s.alone, p)
		}
		return nil
	})
	if _, err := stream.Write(data); err != nil {
		return err
	}
	err := stream.End()
	stream.Free()
	return err
}

// overlay adds a piece to a segment, with secrets replaced that only stand out alone.
func (a *assembler) overlay(s *segment, p proxy.Piece) error {
	for len(s.alone) > 0 && s.alone[0].Start < p.End {
		secret := s.alone[0]
		switch {
		case secret.End <= p.Start || p.Changed():
			s.alone = s.alone[1:]
			continue
		case p.Start < secret.Start:
			n := secret.Start - p.Start
			if err := a.add(s, proxy.Piece{Text: p.Text[:n], Start: p.Start, End: secret.Start}); err != nil {
				return err
			}
			p.Text, p.Start = p.Text[n:], secret.Start
			continue
		}
		n := min(secret.End, p.End) - p.Start
		gone := proxy.Piece{Start: p.Start, End: p.Start + n, Redaction: secret.Redaction}
		if p.Start == secret.Start {
			gone.Text = secret.Text
			a.flow.c.report(secret.Redaction)
		}
		if err := a.add(s, gone); err != nil {
			return err
		}
		if p.Text, p.Start = p.Text[n:], p.Start+n; p.Start == p.End {
			return nil
		}
	}
	return a.add(s, p)
}

// add adds a piece to a segment, and hands out what can be.
func (a *assembler) add(s *segment, p proxy.Piece) error {
	s.at = p.End
	if a.queue[0] != s {
		p.Text = bytes.Clone(p.Text)
		s.pieces = append(s.pieces, p)
		return nil
	}
	if err := a.hand(p); err != nil {
		return err
	}
	for s.at == s.end {
		if a.queue = a.queue[1:]; len(a.queue) == 0 {
			return nil
		}
		s = a.queue[0]
		for _, p := range s.pieces {
			if err := a.hand(p); err != nil {
				return err
			}
		}
		s.pieces = nil
	}
	return nil
}

func (a *assembler) hand(p proxy.Piece) error {
	a.done = p.End
	return a.flow.take(p)
}

// repack takes the text of a packed message through the filter, and hands out the
// message as it came, or one around what was left of it.
func (a *assembler) repack(p *split.Part, start int) error {
	text, err := p.Envelope.Open(p.Data)
	if err != nil {
		return err
	}
	var content []byte
	var changed *proxy.Redaction
	stream := a.flow.c.text(true, false, func(p proxy.Piece) error {
		content = append(content, p.Text...)
		if p.Changed() {
			changed = p.Redaction
		}
		return nil
	})
	if _, err := stream.Write(text); err != nil {
		return err
	}
	if err := stream.End(); err != nil {
		return err
	}
	stream.Free()
	a.scanned += len(text)
	message := proxy.Piece{Text: p.Data, Start: start, End: a.in}
	if changed != nil {
		message.Text, message.Redaction = p.Envelope.Close(nil, content), changed
	}
	return a.insert(message)
}
