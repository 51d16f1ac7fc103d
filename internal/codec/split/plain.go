package split

func isAny(Body, string) bool { return true }

func newPlain(_ Body, _ string, out func(Part) error) Splitter {
	return &whole{kind: Text, out: out}
}

// whole is the splitter of bodies that are one text. It hands every Write out as
// one part, without a copy.
type whole struct {
	kind Kind
	out  func(Part) error
}

func (w *whole) Write(p []byte) error {
	if len(p) == 0 {
		return nil
	}
	return w.out(Part{Kind: w.kind, Data: p})
}

func (w *whole) End() error { return w.out(Part{Kind: w.kind, Last: true}) }
