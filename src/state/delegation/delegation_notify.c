/* SPDX-License-Identifier: Apache-2.0 */
#include "state/delegation/delegation_notify.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "state/delegation/delegation_history.h"
#include "state/delegation/delegation_internal.h"
#include "state/delegation/delegation_recall.h"

static struct delegation_notices *notices_of(const struct state *state)
{
    return &state->delegations->notices;
}

void delegation_notify_hook(struct state *state, const struct delegation_notify_hooks *hooks)
{
    notices_of(state)->hooks = *hooks;
}

bool delegation_notify_possible(const struct state *state, struct client *client)
{
    const struct delegation_notify_hooks *hooks = &notices_of(state)->hooks;

    return hooks->possible && hooks->possible(client, hooks->context);
}

/* ---- taking ---- */

static struct delegation_watch *watch_of(const struct delegation_place *place)
{
    return place->event ? CONTAINER_OF(place->queue, struct delegation_watch, queue)
                        : CONTAINER_OF(place, struct delegation_watch, attrs);
}

static bool tells_attrs(const struct delegation_watch *watch)
{
    return (watch->wants.types >> NOTIFY4_CHANGE_DIR_ATTRS & 1) != 0;
}

/* A change of entries changes their directory's attributes. */
static void note_attrs_locked(struct delegation_watch *watch, const struct delegation_event *event)
{
    if (event->type == NOTIFY4_CHANGE_CHILD_ATTRS)
        return;
    watch->told_change = event->after;
    if (!tells_attrs(watch))
        return;
    if (watch->wants.dir_delay_ns > 0)
        delegation_notifier_attrs_locked(watch);
    else
        watch->attrs_changed = true;
}

static struct wire_opaque opaque(const struct delegation_event_name *name)
{
    return (struct wire_opaque){.data = (const uint8_t *)name->data, .len = name->len};
}

static void describe_new(struct delegation_notice *notice, const struct delegation_event *event)
{
    notice->has_cookie = event->ordered;
    notice->last = event->ordered;
    notice->has_prev = event->ordered && event->previous.data;
    notice->prev = opaque(&event->previous);
    notice->prev_cookie = event->previous.cookie;
    notice->replaced = notice->replaced || event->replaced.data;
    notice->replaced_cookie = event->replaced.cookie;
}

static void describe(struct delegation_notice *notice, const struct delegation_event *event)
{
    notice->type = event->type;
    notice->name = opaque(&event->name);
    notice->cookie = event->name.cookie;
    if (event->type == NOTIFY4_RENAME_ENTRY) {
        notice->new_name = notice->name;
        notice->new_cookie = notice->cookie;
        notice->name = opaque(&event->old);
        notice->cookie = event->old.cookie;
    }
    if (event->type == NOTIFY4_RENAME_ENTRY || event->type == NOTIFY4_ADD_ENTRY)
        describe_new(notice, event);
}

/* With a reference, which keeps the watch as well. */
static void give_locked(struct delegation_watch *watch, struct delegation_notice *notice)
{
    stateid_get(&watch->delegation->sid);
    notice->delegation = watch->delegation;
    notice->unchecked = watch->unchecked;
    watch->unchecked = false;
}

static void take_event_locked(struct delegation_notifier *notifier, struct delegation_place *place,
                              struct delegation_notice *notice)
{
    struct delegation_watch *watch = watch_of(place);

    notice->replaced = place->replaced;
    notice->event = delegation_queue_take(place);
    describe(notice, notice->event);
    if (notice->type != NOTIFY4_REMOVE_ENTRY)
        notice->attrs = watch->wants.child;
    give_locked(watch, notice);
    notifier->run = watch;
    note_attrs_locked(watch, notice->event);
}

/* The end of a run of events of one directory. */
static void take_attrs_locked(struct delegation_watch *watch, struct delegation_notice *notice)
{
    notice->type = NOTIFY4_CHANGE_DIR_ATTRS;
    notice->attrs = watch->wants.dir;
    notice->has_change = !watch->attrs_alone && watch->told_change != 0;
    notice->change = watch->told_change;
    notice->alone = watch->attrs_alone;
    notice->all_told = watch->queue.count == 0;
    notice->seen = watch->seen;
    watch->attrs_changed = watch->attrs_alone = false;
    give_locked(watch, notice);
}

static struct delegation_place *head_locked(const struct delegation_notifier *notifier)
{
    if (list_empty(&notifier->order))
        return NULL;
    return LIST_ENTRY(notifier->order.next, struct delegation_place, order);
}

static bool next_locked(struct delegation_notifier *notifier, struct delegation_notice *notice)
{
    struct delegation_place *head;

    for (;;) {
        struct delegation_watch *run = notifier->run;

        head = head_locked(notifier);
        if (run && run->attrs_changed && (!head || watch_of(head) != run)) {
            take_attrs_locked(run, notice);
            return true;
        }
        if (!head)
            return false;
        if (head->event) {
            take_event_locked(notifier, head, notice);
            return true;
        }
        list_remove(&head->order);
        notifier->run = watch_of(head);
        if (notifier->run->attrs_alone) {
            take_attrs_locked(notifier->run, notice);
            return true;
        }
        notifier->run->attrs_changed = true;
    }
}

/* An event has the handle of the export through which the change was made. */
static struct vfs_object *child_of(const struct delegation_notice *notice)
{
    const struct delegation_event *event = notice->event;
    struct vfs_object *dir = notice->delegation->obj, *child;
    const struct vfs_name name = {.data = event->name.data, .len = event->name.len};
    enum vfs_status found;

    if (event->child.len > 0 && event->child_fs == dir->fs)
        found = dir->fs->ops->resolve(dir->fs, &event->child, &child);
    else
        found = dir->fs->ops->lookup(dir, &notice->delegation->watch->cred, &name, &child);
    return found == VFS_OK ? child : NULL;
}

static bool is_seen(const struct delegation_watch *watch, uint64_t seen)
{
    bool same;

    pthread_mutex_lock(&watch->notifier->lock);
    same = watch->seen == seen;
    pthread_mutex_unlock(&watch->notifier->lock);
    return same;
}

/* The change attribute that a SETATTR or the like has left, unless it could include a change that
 * the holder has not been told: where the backend tells changes with the directory locked, those
 * that getattr() shows have been told to us. */
static void read_change(struct delegation_notice *notice)
{
    struct vfs_object *dir = notice->delegation->obj;
    struct vfs_attr attr;

    if (!notice->all_told || !(dir->fs->caps & VFS_CAP_ORDER) ||
        dir->fs->ops->getattr(dir, VFS_ATTR_CHANGE, &attr) != VFS_OK ||
        !is_seen(notice->delegation->watch, notice->seen))
        return;
    notice->has_change = true;
    notice->change = attr.change;
}

/* May the holder still list the directory, after its mode or the like has changed?  Asked before it
 * is told anything more: the notice of the change itself may come after those of later entries. */
static bool may_list(const struct delegation_notice *notice)
{
    const uint32_t want = VFS_MAY_READ | VFS_MAY_LOOKUP;
    struct vfs_object *dir = notice->delegation->obj;
    uint32_t granted;

    return dir->fs->ops->access(dir, &notice->delegation->watch->cred, want, &granted) == VFS_OK &&
           granted == want;
}

/* Then the directory may have been changed without a request, by a local program. */
static bool is_recalled(const struct delegation *delegation)
{
    bool recalled;

    pthread_mutex_lock(&delegation->file->lock);
    recalled = delegation->recalled_ns != 0;
    pthread_mutex_unlock(&delegation->file->lock);
    return recalled;
}

/* False: it is not to be sent. */
static bool complete(struct delegation_notice *notice)
{
    static const struct bitmap4 none;

    if ((notice->unchecked || is_recalled(notice->delegation)) && !may_list(notice)) {
        delegation_notify_lost(notice->delegation);
        return false;
    }
    if (notice->event) {
        if (memcmp(notice->attrs.words, none.words, sizeof(none.words)) != 0)
            notice->obj = child_of(notice);
        return true;
    }
    notice->obj = vfs_object_get(notice->delegation->obj);
    if (notice->alone)
        read_change(notice);
    return true;
}

bool delegation_notify_take(struct client *client, struct delegation_notice *notice)
{
    struct delegation_notifier *notifier = delegation_notifier_of(client);
    bool taken;

    for (;;) {
        *notice = (struct delegation_notice){.delegation = NULL};
        if (!notifier)
            return false;
        pthread_mutex_lock(&notifier->lock);
        taken = next_locked(notifier, notice);
        pthread_mutex_unlock(&notifier->lock);
        if (!taken || complete(notice))
            return taken;
        delegation_notice_fini(notice);
    }
}

void delegation_notice_fini(struct delegation_notice *notice)
{
    vfs_object_put(notice->obj);
    delegation_event_put(notice->event);
    stateid_put(&notice->delegation->sid);
}

/* ---- what has become of it ---- */

bool delegation_notify_over(struct delegation *delegation)
{
    struct delegation_watch *watch = delegation->watch;
    bool over = delegation_ended(delegation);

    if (!watch)
        return over;
    pthread_mutex_lock(&watch->notifier->lock);
    over |= watch->broken;
    pthread_mutex_unlock(&watch->notifier->lock);
    return over;
}

void delegation_notify_told(struct delegation *delegation, uint32_t count)
{
    counter_add(delegation->client->state->delegations->counters,
                DELEGATION_COUNTER_notify_events_sent, count);
}

static struct list *pop(struct delegation_notices *notices, struct list *from)
{
    struct list *link;

    pthread_mutex_lock(&notices->lock);
    link = list_pop_front(from);
    if (link)
        atomic_fetch_sub_explicit(&notices->pending, 1, memory_order_relaxed);
    pthread_mutex_unlock(&notices->lock);
    return link;
}

static void count_loss(struct state *state, enum delegation_loss why)
{
    delegation_count(state, why == DELEGATION_LOSS_UNDELIVERED
                                ? DELEGATION_COUNTER_notify_failures
                                : DELEGATION_COUNTER_notify_overflows);
}

static const char *loss_name(enum delegation_loss why)
{
    static const char *const names[] = {
        [DELEGATION_LOSS_OVERFLOW] = "overflow",
        [DELEGATION_LOSS_MEMORY] = "memory",
        [DELEGATION_LOSS_UNKNOWN] = "unknown",
        [DELEGATION_LOSS_UNDELIVERED] = "undelivered",
    };

    return names[why];
}

/* The directory cools down as after a conflict: one that is too busy to tell about is not delegated
 * again at once. */
static void recall(struct state *state, const struct delegation_watch *watch)
{
    struct delegation *delegation = watch->delegation;
    const int64_t now_ns = clock_now_ns();

    if (!delegation_recall(delegation, now_ns))
        return;
    count_loss(state, watch->why);
    delegation_history_note(&state->delegations->history, delegation->obj, now_ns);
    if (delegation_log(state, now_ns))
        log_info_taken(&state->delegations->log_limit, "delegation.untold",
                       LOG_ID("client", delegation->client->id),
                       LOG_U64("fileid", delegation->obj->fileid),
                       LOG_STR("why", loss_name(watch->why)));
}

static void recall_broken(struct state *state)
{
    struct delegation_notices *notices = notices_of(state);
    struct list *link;

    while ((link = pop(notices, &notices->broken))) {
        struct delegation_watch *watch = LIST_ENTRY(link, struct delegation_watch, broken_link);

        recall(state, watch);
        stateid_put(&watch->delegation->sid);
    }
}

void delegation_notify_lost(struct delegation *delegation)
{
    struct delegation_watch *watch = delegation->watch;

    if (!watch)
        return;
    pthread_mutex_lock(&watch->notifier->lock);
    delegation_notifier_break_locked(watch, DELEGATION_LOSS_UNDELIVERED);
    pthread_mutex_unlock(&watch->notifier->lock);
    recall_broken(delegation->client->state);
}

void delegation_notify_lost_all(struct client *client)
{
    struct delegation_notifier *notifier = delegation_notifier_of(client);

    if (!notifier)
        return;
    pthread_mutex_lock(&notifier->lock);
    LIST_FOREACH (watch, &notifier->watches, struct delegation_watch, link)
        delegation_notifier_break_locked(watch, DELEGATION_LOSS_UNDELIVERED);
    pthread_mutex_unlock(&notifier->lock);
    recall_broken(client->state);
}

bool delegation_notify_rest(struct client *client)
{
    struct delegation_notifier *notifier = delegation_notifier_of(client);
    bool rests;

    pthread_mutex_lock(&notifier->lock);
    rests = list_empty(&notifier->order) && !(notifier->run && notifier->run->attrs_changed);
    if (rests)
        notifier->busy = false;
    pthread_mutex_unlock(&notifier->lock);
    return rests;
}

/* ---- without the backend's locks ---- */

static void begin(struct delegation_notices *notices, struct delegation_notifier *notifier)
{
    const struct delegation_notify_hooks *hooks = &notices->hooks;
    struct client *client = notifier->client;
    bool begun;

    pthread_mutex_lock(&notifier->lock);
    begun = !notifier->busy && !list_empty(&notifier->order) && hooks->ready;
    if (begun)
        notifier->busy = true;
    pthread_mutex_unlock(&notifier->lock);
    if (begun)
        hooks->ready(client, hooks->context);
    else
        client_put(client);
}

void delegation_notify_run(struct state *state)
{
    struct delegation_notices *notices = notices_of(state);
    struct list *link;

    if (atomic_load_explicit(&notices->pending, memory_order_relaxed) == 0)
        return;
    recall_broken(state);
    while ((link = pop(notices, &notices->ready)))
        begin(notices, LIST_ENTRY(link, struct delegation_notifier, ready_link));
}

/* ---- attributes that were delayed ---- */

/* False: it waits no longer. */
static bool wake_watch_locked(struct delegation_watch *watch, int64_t now_ns)
{
    struct list *order = &watch->notifier->order;

    if (!list_empty(&watch->queue.resting) && watch->queue.due_ns <= now_ns)
        delegation_queue_wake(&watch->queue, order);
    if (watch->attrs_due_ns != 0 && watch->attrs_due_ns <= now_ns) {
        watch->attrs_due_ns = 0;
        list_remove(&watch->attrs.order);
        list_push_back(order, &watch->attrs.order);
    }
    return !list_empty(&watch->queue.resting) || watch->attrs_due_ns != 0;
}

static void wake(struct delegation_notifier *notifier, int64_t now_ns)
{
    bool waits = false;

    pthread_mutex_lock(&notifier->lock);
    LIST_FOREACH (watch, &notifier->watches, struct delegation_watch, link)
        waits |= wake_watch_locked(watch, now_ns);
    delegation_notifier_wake_locked(notifier);
    if (waits)
        delegation_notifier_delay_locked(notifier);
    pthread_mutex_unlock(&notifier->lock);
    client_put(notifier->client);
}

void delegation_notify_tick(struct state *state, int64_t now_ns)
{
    struct delegation_notices *notices = notices_of(state);
    struct list delayed, *link;

    list_init(&delayed);
    pthread_mutex_lock(&notices->lock);
    while ((link = list_pop_front(&notices->delayed)))
        list_push_back(&delayed, link);
    while ((link = list_pop_front(&delayed))) {
        pthread_mutex_unlock(&notices->lock);
        wake(LIST_ENTRY(link, struct delegation_notifier, delayed_link), now_ns);
        pthread_mutex_lock(&notices->lock);
    }
    pthread_mutex_unlock(&notices->lock);
    delegation_notify_run(state);
}
