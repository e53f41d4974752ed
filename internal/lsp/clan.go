package lsp

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/refs"
	"github.com/clanctl/clanctl/pkg/instance"
)

// Answer is what is known of a clan.
type Answer struct {
	// Inventory is nil where the flake does not evaluate.
	Inventory *instance.Inventory
	// Findings are all that count, in order.
	Findings []instance.Finding
}

// Affected are machines by what of the clan changed and touches them.
type Affected struct {
	Instances, Tags map[string][]string
}

// clan is a flake with open documents. A goroutine of its own reads it, whenever it is woken, one reading at a time.
type clan struct {
	s    *server
	ref  instance.Ref
	due  chan time.Duration
	ctx  context.Context
	stop context.CancelFunc
	// latest is the newest answer, good the newest with an inventory of which nothing is missing because a text is
	// half-written.
	latest, good *reading
	// modules are what the inputs offer; nil until that is known, stale when it is to be looked at again.
	modules      *facts.Modules
	modulesStale bool
	// begun: it is being read, or was. state is that of the files before that.
	begun bool
	state string
	// affected is whom the changes since the last commit touch; nil where that is not known.
	affected *Affected
	// shown are the files that have diagnostics, by their URIs.
	shown map[string]bool
}

// clanOf is that of the flake around a file; nil if there is none. The server is locked.
func (s *server) clanOf(file string) *clan {
	ref, ok := s.config.Flake(file)
	if !ok {
		return nil
	}
	c := s.clans[ref.Dir]
	if c == nil {
		c = &clan{s: s, ref: ref, due: make(chan time.Duration, 1), shown: map[string]bool{}, modulesStale: true}
		c.ctx, c.stop = context.WithCancel(s.ctx)
		s.clans[ref.Dir] = c
		s.running.Go(c.run)
		s.running.Go(c.watch)
	}
	return c
}

// watch has the clan read when its files are not what they were when that was done last: others write files, too.
func (c *clan) watch() {
	err := c.s.config.Watch(c.ctx, c.ref, func() {
		state := c.s.config.State(c.ctx, c.ref)
		c.s.mutex.Lock()
		defer c.s.mutex.Unlock()
		if c.begun && (c.state != state || state == "") {
			c.modulesStale = true
			c.wake(0)
		}
	})
	if c.ctx.Err() == nil {
		c.s.config.Log(fmt.Sprintf("%s: changes by other programs are seen at the next edit only: %v", c.ref.Dir, err))
	}
}

// wake has the clan, if there is one, read after a pause. A shorter one that was asked for before counts. The server is
// locked.
func (c *clan) wake(pause time.Duration) {
	if c == nil {
		return
	}
	select {
	case before := <-c.due:
		pause = min(pause, before)
	default:
	}
	c.due <- pause
}

// run reads the clan whenever it is due, until it is stopped. What is being read is given up when there is something
// newer to read.
func (c *clan) run() {
	var pause <-chan time.Time
	var end context.CancelFunc
	done := make(chan struct{}, 1)
	begin := func() {
		var ctx context.Context
		ctx, end = context.WithCancel(c.ctx)
		go func() { c.read(ctx); done <- struct{}{} }()
	}
	reading := false
	for {
		select {
		case <-c.ctx.Done():
			if reading {
				<-done
			}
			return
		case after := <-c.due:
			pause = time.After(after)
		case <-pause:
			pause = nil
			if reading {
				end()
				<-done
			}
			begin()
			reading = true
		case <-done:
			end()
			reading = false
		}
	}
}

// read reads the clan as the editor shows it, and publishes what was found.
func (c *clan) read(ctx context.Context) {
	c.s.mutex.Lock()
	c.begun = true
	c.s.mutex.Unlock()
	state := c.s.config.State(ctx, c.ref)
	c.s.mutex.Lock()
	c.state = state
	texts := c.s.unsaved(c.ref.Root)
	r := c.newReading()
	c.s.mutex.Unlock()
	answer, err := c.s.config.Check(ctx, c.ref.Dir, texts)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		c.s.config.Log(c.ref.Dir + ": " + err.Error())
		return
	}
	r.Answer, r.found = answer, locate(answer.Findings, r.text)
	if c.show(ctx, r) {
		c.readModules(ctx)
	}
	if r.Inventory != nil {
		c.compare(ctx, r.Inventory)
	}
}

// show makes a reading the latest, and tells whether there is more to read.
func (c *clan) show(ctx context.Context, r *reading) (more bool) {
	c.s.mutex.Lock()
	defer c.s.mutex.Unlock()
	if ctx.Err() != nil {
		return false
	}
	c.latest = r
	c.publish(ctx)
	if r.Inventory == nil {
		return false
	}
	// What diagnostics do not need comes behind them.
	if c.good == nil || !r.Inventory.Partial() || !r.halfWritten() {
		r.refs = refs.Find(r.Inventory, c.inFlake("flake.nix"), r.text)
		c.good = r
	}
	return c.modulesStale
}

// compare finds out whom the changes since the last commit touch.
func (c *clan) compare(ctx context.Context, inv *instance.Inventory) {
	affected, err := c.s.config.Affected(ctx, c.ref.Dir, inv)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		c.s.config.Log(c.ref.Dir + ": " + err.Error())
	}
	c.s.mutex.Lock()
	defer c.s.mutex.Unlock()
	changed := !reflect.DeepEqual(c.affected, affected)
	c.affected = affected
	if changed && c.s.refreshesLenses {
		c.s.running.Go(func() {
			// What the editor says to it does not matter.
			_, _ = c.s.conn.Call(c.s.ctx, "workspace/codeLens/refresh", nil, nil)
		})
	}
}

// readModules looks at the modules.
func (c *clan) readModules(ctx context.Context) {
	modules, err := c.s.config.Modules(ctx, c.ref.Dir)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		c.s.config.Log(c.ref.Dir + ": " + err.Error())
	}
	c.s.mutex.Lock()
	defer c.s.mutex.Unlock()
	c.modulesStale = false
	if modules != nil {
		c.modules = modules
	}
}
