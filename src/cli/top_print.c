/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top_print.h"

#include <math.h>
#include <stdlib.h>

#include "cli/top_view.h"

enum {
    LINE_COLUMNS = 160
};

void top_print_text(const struct top_scene *scene, FILE *out)
{
    struct top_frame frame;

    top_frame_make(&frame, scene, 0, LINE_COLUMNS);
    for (int i = 0; i < frame.count; i++)
        (void)fprintf(out, "%s\n", frame.lines[i].text);
    (void)fputc('\n', out);
    top_frame_fini(&frame);
}

/* JSON has neither NAN nor INFINITY; a latency above all bounds is not known either. */
static json_t *number_json(double number)
{
    if (isnan(number) || isinf(number))
        return json_null();
    return fabs(number) < 1e15 && number == (double)(json_int_t)number
               ? json_integer((json_int_t)number)
               : json_real(number);
}

static json_t *row_json(const struct top_table *table, const struct top_row *row)
{
    json_t *object = json_object();

    for (uint32_t i = 0; i < table->column_count; i++) {
        const struct top_cell *cell = &row->cells[i];
        json_t *value = number_json(cell->number);

        if (table->columns[i].kind == TOP_TEXT) {
            json_decref(value);
            value = cell->text ? json_string(cell->text) : json_null();
        }
        (void)json_object_set_new(object, table->columns[i].name, value);
    }
    return object;
}

static json_t *summary_json(const struct top_summary *summary)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "interval_s",
                     number_json(summary->interval_s), "operations_s",
                     number_json(summary->operations), "errors_s", number_json(summary->errors),
                     "requests_s", number_json(summary->requests), "p50",
                     number_json(summary->p50_s), "p99", number_json(summary->p99_s),
                     "read_bytes_s", number_json(summary->read), "written_bytes_s",
                     number_json(summary->written), "cpu", number_json(summary->cpu));
}

void top_print_json(const struct top_scene *scene, FILE *out)
{
    const struct top_view *view = &top_views[top_control_place(scene->control)->view];
    const struct top_sample *last = scene->last;
    json_t *rows = json_array(), *object;

    for (size_t i = 0; i < scene->table->count; i++)
        (void)json_array_append_new(rows, row_json(scene->table, &scene->table->rows[i]));
    object =
        json_pack("{s:O?, s:O?, s:O?, s:o, s:O?, s:O?, s:O?, s:O?, s:s, s:o}", "time",
                  json_object_get(last->activity, "time"), "started",
                  json_object_get(last->activity, "started"), "phase",
                  json_object_get(last->activity, "phase"), "rates", summary_json(&scene->summary),
                  "counts", json_object_get(last->activity, "counts"), "callbacks",
                  json_object_get(last->activity, "callbacks"), "recalls",
                  json_object_get(last->activity, "recalls"), "locks",
                  json_object_get(last->activity, "locks"), "view", view->name, "rows", rows);
    (void)json_dumpf(object, out, JSON_COMPACT | JSON_REAL_PRECISION(6));
    (void)fputc('\n', out);
    json_decref(object);
}
