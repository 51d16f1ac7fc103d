package cli

import (
	"fmt"
	"io"
	"time"

	"github.com/stanch-dev/stanch/scanner/source"
)

// showProgress shows on a terminal how far a scan is, until the function that it
// returns is called.
func showProgress(w io.Writer, coverage *source.Coverage) (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(200 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-quit:
				fmt.Fprint(w, "\r\x1b[K")
				return
			case <-ticker.C:
				scanned, total := coverage.Progress()
				fmt.Fprintf(w, "\r\x1b[K%s", progressLine(scanned, total))
			}
		}
	}()
	return func() { close(quit); <-done }
}

// progressLine says how many of total bytes are scanned, with a bar where the
// total is known.
func progressLine(scanned, total int64) string {
	const width = 24
	if total <= 0 {
		return fmt.Sprintf("scanned %d MB", scanned/1e6)
	}
	share := min(1, float64(scanned)/float64(total))
	full := int(share * width)
	return fmt.Sprintf("[%-*.*s] %3.0f%% of %d MB", width, full, "########################", share*100, total/1e6)
}
