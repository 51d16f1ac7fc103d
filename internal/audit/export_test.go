package audit

import (
	"context"

	"github.com/stanch-dev/stanch/internal/audit/device"
)

// EnableDevice enables a device of the test's own making.
func (b *Broker) EnableDevice(ctx context.Context, c Config, dev device.Device) error {
	return b.add(ctx, c, device.Common{MaxLine: 1 << 20}, dev)
}

// SpoolDir is where the spool of a device lies.
func (b *Broker) SpoolDir(path string) string { return b.spoolDir(b.Chain(path)) }

// MaxQueued is how many entries may wait for one device.
const MaxQueued = maxQueued
