package seal

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
)

// Verify reports why blob does not give back key when s unwraps it, nil if it does.
// A seal calls it at the end of Wrap, and a migration before it lets go of the old blob.
func Verify(ctx context.Context, s Seal, key, blob []byte) error {
	back, err := s.Unwrap(ctx, blob)
	if err != nil {
		return fmt.Errorf("seal %s: what was wrapped does not unwrap, keep the old seal: %w", s.Kind(), err)
	}
	defer clear(back)
	if subtle.ConstantTimeCompare(back, key) != 1 {
		return errors.New("seal " + s.Kind() + ": what was wrapped unwraps to another key, keep the old seal")
	}
	return nil
}
