/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top_command.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/complaint.h"
#include "cli/resource_command.h"
#include "cli/top_frame.h"
#include "cli/top_print.h"
#include "cli/top_reader.h"
#include "cli/top_screen.h"
#include "cli/top_view.h"

enum {
    OPTION_INTERVAL,
    OPTION_VIEW,
    OPTION_SORT,
    OPTION_FILTER,
    OPTION_BATCH,
};

struct top {
    const struct invocation *call;
    struct admin_client *client;
    struct top_control control;
    unsigned long batch; /* samples to print; 0: there is a terminal */
    struct top_sample *before, *last;
    struct top_table table;
    bool is_lost;
    long lost_status;
};

/* ---- options ---- */

static bool number_parse(const char *text, double min, double max, double *number)
{
    char *end;

    errno = 0;
    *number = strtod(text, &end);
    return end != text && *end == '\0' && errno == 0 && *number >= min && *number <= max;
}

static bool interval_take(const char *text, double *interval_s)
{
    *interval_s = 1;
    if (!text || number_parse(text, TOP_INTERVAL_MIN_S, TOP_INTERVAL_MAX_S, interval_s))
        return true;
    complaint_print("top: --interval '%s': expected seconds from %g to %g", text,
                    TOP_INTERVAL_MIN_S, TOP_INTERVAL_MAX_S);
    return false;
}

/* "COLUMN"; "-COLUMN": the other way round. */
static bool sort_take(struct top *top, const char *text)
{
    enum top_view_id view = top->control.places[0].view;
    struct top_order *order = &top->control.orders[view];
    bool is_turned = text && *text == '-';
    uint32_t column = text ? top_view_column(view, text + is_turned) : order->column;

    if (column == top_views[view].column_count) {
        complaint_print("top: --sort '%s': the view '%s' has no such column", text,
                        top_views[view].name);
        for (uint32_t i = 0; i < column; i++)
            complaint_add(top_views[view].columns[i].name);
        return false;
    }
    order->column = column;
    if (text)
        order->descending = (top_views[view].columns[column].kind != TOP_TEXT) != is_turned;
    return true;
}

static bool batch_take(struct top *top, const char *text)
{
    double count = 1;

    if (text && (!number_parse(text, 1, 1e9, &count) || count != (double)(unsigned long)count)) {
        complaint_print("top: --batch '%s': expected a number of samples, from 1 on", text);
        return false;
    }
    if (text || top->call->globals[GLOBAL_JSON])
        top->batch = (unsigned long)count;
    return true;
}

static bool options_take(struct top *top)
{
    const char *const *options = top->call->options;
    const char *filter = options[OPTION_FILTER];
    enum top_view_id view =
        options[OPTION_VIEW] ? top_view_find(options[OPTION_VIEW]) : TOP_OPERATIONS;
    double interval_s;

    if (view == TOP_LISTS) {
        complaint_print("top: --view '%s': there is no such view", options[OPTION_VIEW]);
        for (unsigned i = 0; i < TOP_LISTS; i++)
            complaint_add(top_views[i].name);
        return false;
    }
    if (!interval_take(options[OPTION_INTERVAL], &interval_s))
        return false;
    top_control_init(&top->control, view, interval_s);
    if (filter)
        (void)snprintf(top->control.filter, sizeof(top->control.filter), "%s", filter);
    return sort_take(top, options[OPTION_SORT]) && batch_take(top, options[OPTION_BATCH]);
}

/* ---- samples ---- */

static struct top_scene scene_of(struct top *top)
{
    struct top_scene scene = {
        .last = top->last,
        .table = &top->table,
        .control = &top->control,
        .endpoint = admin_client_name(top->client),
        .is_lost = top->is_lost,
        .lost_status = top->lost_status,
        .is_plain = top->batch > 0,
    };

    scene.summary = top_summary_make(top->before, top->last);
    return scene;
}

/* What the samples make at the place that is shown now: nothing before it was read. */
static void table_make(struct top *top)
{
    const struct top_place *place = top_control_place(&top->control);
    const struct top_view *view = &top_views[place->view];

    top_table_fini(&top->table);
    if (top->last && top->last->place.view == place->view &&
        strcmp(top->last->place.id, place->id) == 0)
        top_view_fill(&top->table, top->before, top->last);
    else
        top_table_init(&top->table, view->columns, view->column_count);
    top_control_apply(&top->control, &top->table);
}

/* Takes the sample over. */
static void sample_take(struct top *top, struct top_sample *sample)
{
    top->is_lost = !sample->is_good;
    top->lost_status = sample->status;
    if (!sample->is_good) {
        top_sample_free(sample);
        return;
    }
    top_sample_free(top->before);
    top->before = top->last;
    top->last = sample;
    if (top->before && !top_sample_goes_on(top->before, sample)) {
        top_sample_free(top->before);
        top->before = NULL;
    }
}

/* Is there a server, and does it know what is asked here?  False after telling why not. */
static bool server_try(struct top *top)
{
    struct admin_reply reply;
    bool ok = admin_client_call(
        top->client, &(struct admin_request){.method = "GET", .path = "/activity"}, &reply);

    if (!ok && reply.status == 404)
        complaint_add("the server is of an older version, without /api/v1/activity");
    json_decref(reply.json);
    return ok;
}

/* ---- without a terminal ---- */

static void sample_print(struct top *top)
{
    struct top_scene scene;

    table_make(top);
    scene = scene_of(top);
    if (top->call->globals[GLOBAL_JSON])
        top_print_json(&scene, stdout);
    else
        top_print_text(&scene, stdout);
}

/* Tell why there was no sample: the server does not answer at all, or not what the view needs. */
static void lost_tell(struct top *top)
{
    if (!server_try(top))
        return;
    if (top->lost_status > 0)
        complaint_print("top: the server answered a request with status %ld", top->lost_status);
    else
        complaint_print("top: the server did not answer a request, or not in time");
}

/* The first sample is what the rates of the next are made of. */
static int batch_run(struct top *top)
{
    static const atomic_bool never;
    const struct top_place *place = top_control_place(&top->control);
    unsigned long printed = 0;

    while (printed < top->batch) {
        struct top_sample *sample;

        if (top->last)
            (void)poll(NULL, 0, (int)(top->control.interval_s * 1000));
        sample = top_sample_read(top->client, place, &never);
        sample_take(top, sample);
        if (top->is_lost) {
            lost_tell(top);
            return COMMAND_FAILED;
        }
        if (!top->before)
            continue;
        sample_print(top);
        printed++;
        if (fflush(stdout) != 0)
            return COMMAND_FAILED;
    }
    return COMMAND_OK;
}

/* ---- on a terminal ---- */

static void draw(struct top *top)
{
    struct top_scene scene = scene_of(top);
    struct top_frame frame;
    int rows, columns;

    top_screen_size(&rows, &columns);
    top_frame_make(&frame, &scene, rows, columns);
    top_screen_draw(&frame);
    top_frame_fini(&frame);
}

/* All keys that were typed.  False: the terminal is gone. */
static bool keys_take(struct top *top, struct top_reader *reader)
{
    int key;

    while ((key = top_screen_key()) != TOP_NO_KEY) {
        double interval_s = top->control.interval_s;

        if (key == TOP_KEY_GONE)
            return false;
        if (key == TOP_KEY_RESIZED)
            continue;
        if (top_control_key(&top->control, key, &top->table))
            top_reader_aim(reader, top_control_place(&top->control));
        if (top->control.interval_s != interval_s)
            top_reader_pace(reader, top->control.interval_s);
        table_make(top);
    }
    return true;
}

/* While it is paused only another place is shown. */
static void news_take(struct top *top, struct top_reader *reader)
{
    struct top_sample *sample = top_reader_take(reader);
    const struct top_place *place = top_control_place(&top->control);

    if (!sample)
        return;
    if (top->control.is_paused && top->last && top->last->place.view == place->view &&
        strcmp(top->last->place.id, place->id) == 0)
        top_sample_free(sample);
    else
        sample_take(top, sample);
    table_make(top);
}

static void screen_run(struct top *top, struct top_reader *reader)
{
    struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                           {.fd = top_reader_fd(reader), .events = POLLIN}};

    table_make(top);
    while (!top->control.wants_end) {
        draw(top);
        (void)poll(fds, 2, -1); /* a resize interrupts it, and comes as a key */
        if (fds[1].revents & POLLIN)
            news_take(top, reader);
        fds[1].revents = 0;
        if (!keys_take(top, reader))
            return;
    }
}

static int terminal_run(struct top *top)
{
    struct top_reader *reader;

    if (!top_screen_open())
        return COMMAND_FAILED;
    reader =
        top_reader_create(top->client, top_control_place(&top->control), top->control.interval_s);
    if (reader) {
        screen_run(top, reader);
        top_screen_close();
        top_reader_destroy(reader);
        return COMMAND_OK;
    }
    top_screen_close();
    complaint_print("top: no thread: %s", strerror(errno));
    return COMMAND_FAILED;
}

int top_command(const struct invocation *call)
{
    struct top top = {.call = call};
    int code = COMMAND_USAGE;

    if (!options_take(&top))
        return code;
    code = COMMAND_FAILED;
    top.client = resource_client(call);
    if (top.client && server_try(&top))
        code = top.batch > 0 ? batch_run(&top) : terminal_run(&top);
    admin_client_destroy(top.client);
    top_table_fini(&top.table);
    top_sample_free(top.before);
    top_sample_free(top.last);
    return code;
}
