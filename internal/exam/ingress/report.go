package main

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"text/tabwriter"
)

// What the design asks for.
const (
	maxAdded    = 15.0    // µs of CPU for a request of the small size, over ReverseProxy
	minRate     = 0.8     // of ReverseProxy's throughput
	minMitm     = 50.0    // times mitmproxy's requests for each second of CPU
	maxGrowth   = 8 << 20 // bytes of memory, from the first half of the long body to the second
	longAtLeast = 256 << 20
)

// report is what a run has measured.
type report struct {
	Loads        []figure      `json:"loads"`
	Idle         []idle        `json:"idle"`
	Long         *long         `json:"long,omitempty"`
	Expectations []expectation `json:"expectations"`
	Missing      []string      `json:"missing"` // what could not be measured, and why
}

// figure is what a target does under a load: the best of its rounds, each by itself.
type figure struct {
	Protocol string  `json:"protocol"`
	Bytes    int     `json:"bytes"`
	Finding  bool    `json:"finding"`
	Target   string  `json:"target"`
	Rounds   int     `json:"rounds"`
	Rate     float64 `json:"requests_per_second"`
	CPU      float64 `json:"cpu_us_per_request"` // of the proxy: user and system
}

// better joins the figures of rounds.
func (f figure) better(other figure) figure {
	if other.Rounds == 0 {
		return f
	}
	f.Rounds += other.Rounds
	f.Rate, f.CPU = max(f.Rate, other.Rate), min(f.CPU, other.CPU)
	return f
}

// idle is what idle connections cost in memory, in bytes.
type idle struct {
	Target      string `json:"target"`
	Connections int    `json:"connections"`
	Before      int64  `json:"rss_before"`
	After       int64  `json:"rss_after"`
	Each        int64  `json:"rss_per_connection"`
}

// long is what a long body costs. Memory is in bytes.
type long struct {
	Bytes   int64   `json:"bytes"`
	Seconds float64 `json:"seconds"`
	CPU     float64 `json:"cpu_seconds"`
	Before  int64   `json:"rss_before"`
	First   int64   `json:"rss_first_half"`
	Second  int64   `json:"rss_second_half"`
	Peak    int64   `json:"rss_peak"`
	Leaked  int     `json:"leaked"` // secrets that came through
}

// expectation is one of the design, and what became of it.
type expectation struct {
	What   string  `json:"what"`
	Figure float64 `json:"figure"`
	Wanted string  `json:"wanted"`
	Met    bool    `json:"met"`
}

// beside returns another target's figure under the same load.
func (r *report) beside(f figure, target string) (figure, bool) {
	for _, other := range r.Loads {
		if other.Target == target && other.Protocol == f.Protocol && other.Bytes == f.Bytes && other.Finding == f.Finding {
			return other, true
		}
	}
	return figure{}, false
}

// judge compares what was measured with what was expected.
func (r *report) judge() {
	for _, own := range r.Loads {
		if own.Target != stanch {
			continue
		}
		if base, ok := r.beside(own, reverseProxy); ok {
			if own.Bytes == small {
				added := own.CPU - base.CPU
				r.expect(own, "CPU µs added to ReverseProxy", added, fmt.Sprintf("≤ %.0f", maxAdded), added <= maxAdded)
			}
			ratio := own.Rate / base.Rate
			r.expect(own, "throughput / ReverseProxy", ratio, fmt.Sprintf("≥ %.1f", minRate), ratio >= minRate)
		}
		if peer, ok := r.beside(own, mitmproxy); ok && own.CPU > 0 {
			ratio := peer.CPU / own.CPU
			r.expect(own, "requests for each CPU second / mitmproxy", ratio, fmt.Sprintf("≥ %.0f", minMitm), ratio >= minMitm)
		}
	}
	if l := r.Long; l != nil {
		grown := max(0, l.Second-l.First)
		r.Expectations = append(r.Expectations,
			expectation{"long body: MiB grown from its first half to its second", float64(grown) / (1 << 20),
				fmt.Sprintf("≤ %d", maxGrowth>>20), grown <= maxGrowth},
			expectation{"long body: secrets that came through", float64(l.Leaked), "0", l.Leaked == 0})
		if l.Bytes < longAtLeast {
			r.Missing = append(r.Missing, fmt.Sprintf("a body of %s is too short to say that memory is flat", mebibytes(l.Bytes)))
		}
	}
}

func (r *report) expect(f figure, what string, got float64, wanted string, met bool) {
	r.Expectations = append(r.Expectations, expectation{f.name() + ": " + what, got, wanted, met})
}

func (f figure) name() string {
	name := fmt.Sprintf("%s %d kB", f.Protocol, f.Bytes/1000)
	if f.Finding {
		name += " leaky"
	}
	return name
}

func (r *report) writeJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

func (r *report) writeText(w io.Writer) {
	fmt.Fprintf(w, "%d cores; best of the rounds; CPU of the proxy alone\n\n", runtime.NumCPU())
	r.writeLoads(w)
	r.writeMemory(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\nexpectation\tfigure\twanted\t")
	for _, e := range r.Expectations {
		verdict := "met"
		if !e.Met {
			verdict = "NOT MET"
		}
		fmt.Fprintf(t, "%s\t%.2f\t%s\t%s\n", e.What, e.Figure, e.Wanted, verdict)
	}
	t.Flush()
	for _, line := range r.Missing {
		fmt.Fprintln(w, line)
	}
}

func (r *report) writeLoads(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "load\ttarget\treq/s\t/ ReverseProxy\tCPU µs/req\tadded\t")
	for _, f := range r.Loads {
		ratio, cpu, added := "", "", ""
		if base, ok := r.beside(f, reverseProxy); ok {
			ratio = fmt.Sprintf("%.2f", f.Rate/base.Rate)
			if f.Target != direct && f.Target != reverseProxy {
				added = fmt.Sprintf("%+.1f", f.CPU-base.CPU)
			}
		}
		if f.Target != direct {
			cpu = fmt.Sprintf("%.1f", f.CPU)
		}
		fmt.Fprintf(t, "%s\t%s\t%.0f\t%s\t%s\t%s\t\n", f.name(), f.Target, f.Rate, ratio, cpu, added)
	}
	t.Flush()
}

func (r *report) writeMemory(w io.Writer) {
	if len(r.Idle) > 0 {
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprintln(t, "\nidle connections\ttarget\tRSS before\tRSS after\tKiB for each\t")
		for _, i := range r.Idle {
			fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%.1f\t\n", i.Connections, i.Target, mebibytes(i.Before), mebibytes(i.After), float64(i.Each)/1024)
		}
		t.Flush()
	}
	if l := r.Long; l != nil {
		fmt.Fprintf(w, "\nlong body of %s through stanch: %.1f s, %.0f MB/s, %.0f MB per CPU second; RSS %s before, %s in its first half, %s in its second, peak %s\n",
			mebibytes(l.Bytes), l.Seconds, float64(l.Bytes)/1e6/l.Seconds, float64(l.Bytes)/1e6/l.CPU,
			mebibytes(l.Before), mebibytes(l.First), mebibytes(l.Second), mebibytes(l.Peak))
	}
}
