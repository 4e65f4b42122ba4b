#include "simulation/queue.h"

#include <algorithm>

#include "simulation/trace.h"

namespace bb::simulation {

class Actor::View final : public Clock {
 public:
  explicit View(Actor& actor) : actor_(actor) {}
  TimePoint utc_now() const override { return actor_.queue_.utc() + actor_.wall_offset_; }
  SteadyTime steady_now() const override { return actor_.queue_.now(); }
  TimerId call_at(SteadyTime when, std::move_only_function<void()> action) override {
    return actor_.queue_.call_at(when, actor_, std::move(action));
  }
  void cancel(TimerId id) override { actor_.queue_.cancel(id); }

 private:
  Actor& actor_;
};

Actor::Actor(Queue& queue, std::string name)
    : queue_(queue),
      name_(std::move(name)),
      work_(boost::asio::make_work_guard(io_)),
      view_(std::make_unique<View>(*this)) {
  queue_.actors_.push_back(this);
}

Actor::~Actor() { std::erase(queue_.actors_, this); }

Clock& Actor::clock() { return *view_; }

void Actor::die() { alive_ = false; }

void Actor::freeze(SteadyTime until) {
  frozen_until_ = until;
  // What has become ready meanwhile needs somebody to wake up for it.
  queue_.call_at(until, *this, [] {});
}

bool Actor::frozen() const { return frozen_until_ > queue_.now(); }

TimerId Queue::call_at(SteadyTime when, Actor& actor, Action action) {
  const TimerId id = next_++;
  const Key key{std::max(when, now_), seed_ == 0 ? 0 : blend(seed_, id), id};
  entries_.emplace(key, Entry{&actor, std::move(action)});
  keys_.emplace(id, key);
  return id;
}

void Queue::cancel(TimerId id) {
  const auto found = keys_.find(id);
  if (found == keys_.end()) return;
  entries_.erase(found->second);
  keys_.erase(found);
}

void Queue::take_turn(Actor& actor) {
  if (last_ == &actor) return;
  last_ = &actor;
  if (on_turn) on_turn(actor);
}

void Queue::run_ready() {
  for (bool ran = true; ran;) {
    ran = false;
    // By index: an actor may be born meanwhile.
    for (std::size_t i = 0; i < actors_.size(); ++i) {
      Actor& actor = *actors_[i];
      if (!actor.alive_ || actor.frozen()) continue;
      take_turn(actor);
      while (actor.alive_ && actor.io_.poll_one() > 0) {
        ran = true;
        ++steps_;
      }
    }
  }
}

bool Queue::step(SteadyTime limit) {
  run_ready();
  if (entries_.empty() || entries_.begin()->first.when > limit) {
    now_ = std::max(now_, limit);
    return false;
  }
  auto node = entries_.extract(entries_.begin());
  now_ = node.key().when;
  keys_.erase(node.key().id);
  Entry& entry = node.mapped();
  ++steps_;
  if (!entry.actor->alive_) {
    // What a dead process waited for is part of its memory: it is kept, and not run.
    static auto& kept = *new std::vector<Action>();
    kept.push_back(std::move(entry.action));
    return true;
  }
  if (entry.actor->frozen()) {
    const Key later{entry.actor->frozen_until_, node.key().rank, node.key().id};
    keys_.emplace(later.id, later);
    entries_.emplace(later, std::move(entry));
    return true;
  }
  take_turn(*entry.actor);
  entry.action();
  return true;
}

}  // namespace bb::simulation
