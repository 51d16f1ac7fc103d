package lease

import (
	"fmt"
	"time"

	"github.com/stanch-dev/stanch/vault/logical"
)

// Terms are what decides how long a token or a lease lives. Zero is no wish and no
// limit, except for those of the mount.
type Terms struct {
	Increment   time.Duration // that the client asks for when he renews
	Wanted      time.Duration // that it is made with
	Max         time.Duration // since it was made
	Period      time.Duration // it is renewed for so long each time, and for ever
	ExplicitMax time.Duration // since it was made, even if it has a period

	MountTTL, MountMax time.Duration // default_lease_ttl, max_lease_ttl
}

// TTL returns how long what was issued at some time lives from now on, and warnings
// for the client, with Vault's rules and texts.
func (t Terms) TTL(issued, now time.Time) (ttl time.Duration, warnings []string, err error) {
	limit := least(t.MountMax, t.Max, t.ExplicitMax)
	if limit <= 0 {
		return 0, nil, fmt.Errorf("lease: a mount needs a max_lease_ttl")
	}
	now, issued = now.Truncate(time.Second), issued.Truncate(time.Second)
	end := issued.Add(limit)
	switch {
	case t.Period > 0:
		if ttl = t.Period; ttl > limit {
			warnings = append(warnings, fmt.Sprintf("period of %q exceeded the effective max_ttl of %q; period value is capped accordingly", ttl, limit))
			ttl = limit
		}
		if t.ExplicitMax <= 0 {
			return ttl, warnings, nil
		}
		end = issued.Add(t.ExplicitMax)
	case t.Increment > 0:
		ttl = t.Increment
	case t.Wanted > 0:
		ttl = t.Wanted
	default:
		ttl = t.MountTTL
	}
	left := end.Sub(now)
	if left <= 0 {
		return 0, nil, logical.Invalid("past the max TTL, cannot renew")
	}
	if ttl > left {
		warnings = append(warnings, fmt.Sprintf("TTL of %q exceeded the effective max_ttl of %q; TTL value is capped accordingly", ttl, left))
		ttl = left
	}
	return ttl, warnings, nil
}

// least returns the smallest of several limits that are more than zero.
func least(limit time.Duration, others ...time.Duration) time.Duration {
	for _, other := range others {
		if other > 0 && other < limit {
			limit = other
		}
	}
	return limit
}
