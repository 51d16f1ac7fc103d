package kv_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/stanch-dev/stanch/vault/engine/kv"
	"github.com/stanch-dev/stanch/vault/logical/logicaltest"
)

// model is a secret as its documentation describes it.
type model struct {
	values                             map[int]map[string]int // by version, of those that are kept and not destroyed
	deleted                            map[int]time.Time      // of those that are kept; zero: never
	latest, current, pending, previous int
	keep                               int
	exists                             bool
}

func newModel() *model {
	return &model{values: map[int]map[string]int{}, deleted: map[int]time.Time{}}
}

func (m *model) readable(version int, now time.Time) bool {
	end, kept := m.deleted[version]
	return m.values[version] != nil && kept && (end.IsZero() || end.After(now))
}

// write returns whether the write is done.
func (m *model) write(value map[string]int, pending bool, cas int, now time.Time) bool {
	if cas >= 0 && cas != m.current || pending && m.readable(m.pending, now) {
		return false
	}
	m.exists = true
	m.latest++
	m.values[m.latest], m.deleted[m.latest] = value, time.Time{}
	if pending {
		m.pending = m.latest
	} else {
		m.previous, m.current = m.current, m.latest
	}
	keep := m.keep
	if keep == 0 {
		keep = 10
	}
	for version := range m.deleted {
		if version <= m.latest-keep && version != m.current && version != m.pending {
			delete(m.values, version)
			delete(m.deleted, version)
		}
	}
	if _, kept := m.deleted[m.previous]; !kept {
		m.previous = 0
	}
	return true
}

func (m *model) promote(version int, now time.Time) bool {
	if !m.readable(version, now) {
		return false
	}
	if m.pending == version {
		m.pending = 0
	}
	if m.current != version {
		m.previous, m.current = m.current, version
	}
	return true
}

// check compares all that can be read with the model.
func (m *model) check(t *rapid.T, tb testing.TB, h *logicaltest.Harness) {
	status, text := do(tb, h, "GET stages/a", "")
	want := stages(m.current, m.pending, m.previous)
	if m.exists && (status != 200 || !same(text, want)) || !m.exists && status != 404 {
		t.Fatalf("stages: %d %s, want %s", status, text, want)
	}
	for version := range m.latest + 2 {
		number := version
		if version == 0 {
			number = m.current
		}
		status, text := do(tb, h, fmt.Sprintf("GET data/a?version=%d", version), "")
		_, kept := m.deleted[number]
		var got struct {
			Data     map[string]int
			Metadata *struct {
				Version   int
				Destroyed bool
			}
		}
		if text != "" {
			if err := json.Unmarshal([]byte(text), &got); err != nil {
				t.Fatal(err)
			}
		}
		switch {
		case !kept && (status != 404 || text != ""):
			t.Fatalf("version %d: %d %s, want none", version, status, text)
		case kept && (got.Metadata == nil || got.Metadata.Version != number || got.Metadata.Destroyed != (m.values[number] == nil)):
			t.Fatalf("version %d: %d %s, destroyed should be %v", version, status, text, m.values[number] == nil)
		case kept && m.readable(number, h.Now) && (status != 200 || fmt.Sprint(got.Data) != fmt.Sprint(m.values[number])):
			t.Fatalf("version %d: %d %s, want %v", version, status, text, m.values[number])
		case kept && !m.readable(number, h.Now) && (status != 404 || got.Data != nil):
			t.Fatalf("version %d: %d %s, want it deleted", version, status, text)
		}
	}
}

func TestModel(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		h, m := logicaltest.New(kv.NewV2()), newModel()
		number := func(name string) int { return rapid.IntRange(1, m.latest+1).Draw(r, name) }
		expect := func(done bool, request, body string) {
			status, text := do(t, h, request, body)
			if done != (status < 300) {
				r.Fatalf("%s %s: %d %s, done should be %v", request, body, status, text, done)
			}
		}
		data := rapid.MapOfN(rapid.SampledFrom([]string{"a", "b", "c"}), rapid.IntRange(0, 9), 0, 3)
		r.Repeat(map[string]func(*rapid.T){
			"": func(r *rapid.T) { m.check(r, t, h) },
			"write": func(r *rapid.T) {
				value, pending, cas := data.Draw(r, "data"), rapid.Bool().Draw(r, "pending"), rapid.IntRange(-3, m.current).Draw(r, "cas")
				expect(m.write(value, pending, cas, h.Now), "POST data/a", writeBody(value, pending, cas))
			},
			"patch": func(r *rapid.T) {
				change, gone := data.Draw(r, "change"), rapid.SampledFrom([]string{"a", "b", "c", ""}).Draw(r, "gone")
				merged, body := m.merge(change, gone)
				expect(m.readable(m.current, h.Now) && m.write(merged, false, -1, h.Now), "PATCH data/a", writeBody(body, false, -1))
			},
			"delete": func(r *rapid.T) {
				m.end(m.current, h.Now)
				expect(true, "DELETE data/a", "")
			},
			"delete one": func(r *rapid.T) {
				version := number("version")
				m.end(version, h.Now)
				expect(true, "POST delete/a", fmt.Sprintf(`{"versions":[%d]}`, version))
			},
			"undelete": func(r *rapid.T) {
				version := number("version")
				if m.values[version] != nil {
					m.deleted[version] = time.Time{}
				}
				expect(true, "POST undelete/a", fmt.Sprintf(`{"versions":[%d]}`, version))
			},
			"destroy": func(r *rapid.T) {
				version := number("version")
				delete(m.values, version)
				expect(true, "POST destroy/a", fmt.Sprintf(`{"versions":[%d]}`, version))
			},
			"promote": func(r *rapid.T) {
				version := number("version")
				expect(m.promote(version, h.Now), "POST stages/a", fmt.Sprintf(`{"current":%d}`, version))
			},
			"keep": func(r *rapid.T) {
				m.keep, m.exists = rapid.IntRange(0, 4).Draw(r, "max_versions"), true
				expect(true, "POST metadata/a", fmt.Sprintf(`{"max_versions":%d}`, m.keep))
			},
			"remove": func(r *rapid.T) {
				if rapid.IntRange(0, 9).Draw(r, "dice") == 0 {
					m = newModel()
					expect(true, "DELETE metadata/a", "")
				}
			},
		})
	})
}

// merge returns the current value with changes and without a name, and the patch for it.
func (m *model) merge(change map[string]int, gone string) (merged map[string]int, patch map[string]any) {
	merged, patch = map[string]int{}, map[string]any{}
	maps.Copy(merged, m.values[m.current])
	for name, value := range change {
		merged[name], patch[name] = value, value
	}
	if gone != "" {
		delete(merged, gone)
		patch[gone] = nil
	}
	return merged, patch
}

func (m *model) end(version int, now time.Time) {
	if m.readable(version, now) {
		m.deleted[version] = now
	}
}

func writeBody[V any](value map[string]V, pending bool, cas int) string {
	options := map[string]any{}
	if pending {
		options["stage"] = "pending"
	}
	if cas >= 0 {
		options["cas"] = cas
	}
	text, _ := json.Marshal(map[string]any{"data": value, "options": options})
	return string(text)
}
