package policies

import "github.com/google/uuid"

// ID names one decision in its response, the audit trail and the decision log. It is
// a UUID of version 7 (RFC 9562), so ids sort by time. Zero is no id.
type ID = uuid.UUID

// NewID returns a new id.
func NewID() ID { return uuid.Must(uuid.NewV7()) }
