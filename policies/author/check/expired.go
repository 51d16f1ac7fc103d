package check

import (
	"fmt"
	"time"

	"github.com/stanch-dev/stanch/policies/source"
)

// expired returns a finding for each redaction rule that has expired by now: it
// decides nothing any more, whatever a reader of the configuration may think.
func expired(docs source.Documents, now time.Time) (found []Finding) {
	if docs.Config.Redaction == nil {
		return nil
	}
	if now.IsZero() {
		now = time.Now()
	}
	for _, rules := range docs.Config.Redaction.Rules {
		for _, r := range rules {
			if r.Expired(now.Unix()) {
				found = append(found, Finding{docs.Shown(source.ConfigFile), r.Line, 1, "expired-rule", Warning,
					fmt.Sprintf("redaction rule %q has expired and decides nothing", r.ID), "Take it out, or decide anew until when it shall hold."})
			}
		}
	}
	return found
}
