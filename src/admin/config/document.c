/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/config/document.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/check.h"

/* What is being read. */
struct reader {
    yaml_parser_t parser;
    struct document *document;
    struct config_faults *faults;
    const char *bytes;
    struct {
        struct document_node *node; /* a list or a map that is not closed */
        struct document_node *key;  /* of a map: it waits for its value */
        uint32_t entries;
    } open[LIMIT_CONFIG_DEPTH];
    uint32_t depth;
    bool started; /* there was a document */
};

enum step {
    STEP_MORE,
    STEP_END,
    STEP_STOP, /* with a fault */
};

static uint32_t line_of(const yaml_mark_t *mark)
{
    return (uint32_t)mark->line + 1;
}

/* ---- what is no YAML ---- */

/* What libyaml says, and what the usual reason is. */
static const struct {
    const char *problem, *advice;
} known_problems[] = {
    {"found character that cannot start any token",
     "indent with spaces, not with tabs, and put a text that begins with @, ` or % in quotes"},
    {"found a tab character that violates indentation", "indent with spaces"},
    {"found a tab character where an indentation space is expected", "indent with spaces"},
    {"mapping values are not allowed in this context",
     "put a text with ': ' in quotes, or mend the indentation"},
    {"could not find expected ':'", "after a key there is a colon, a space and the value"},
    {"did not find expected key", "the keys of a map have the same indentation"},
    {"did not find expected '-' indicator",
     "all items of a list begin with '- ' at the same indentation"},
    {"block sequence entries are not allowed in this context",
     "begin a list on the line after its key"},
    {"did not find expected ',' or ']'", "close the list with ]"},
    {"did not find expected ',' or '}'", "close the map with }"},
    {"found unexpected end of stream", "close the quotes"},
    {"found unexpected document indicator", "close the quotes"},
    {"did not find expected <document start>",
     "everything is in one map: put no other text beside its keys"},
    {"control characters are not allowed", "remove the character"},
    {"found unknown escape character", "in double quotes write \\\\ for a backslash"},
    {"did not find expected alphabetic or numeric character",
     "put a text that begins with * or & in quotes"},
    {"did not find expected node content",
     "give a value; an IPv6 address stands in quotes, \"[::1]:2049\""},
    {"found unexpected ':'", "put a text with a colon in quotes"},
};

static const char *advice_for(const char *problem)
{
    for (size_t i = 0; i < ARRAY_SIZE(known_problems); i++) {
        if (strcmp(known_problems[i].problem, problem) == 0)
            return known_problems[i].advice;
    }
    return "write it as the example in docs/config.md";
}

static uint32_t line_at(const char *bytes, size_t offset)
{
    uint32_t line = 1;

    for (size_t i = 0; i < offset; i++)
        line += bytes[i] == '\n';
    return line;
}

static enum step refuse_yaml(struct reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    const char *problem = parser->problem ? parser->problem : "unknown problem";

    switch (parser->error) {
    case YAML_MEMORY_ERROR:
        config_faults_add(reader->faults, 0, "no memory to read it");
        break;
    case YAML_READER_ERROR:
        config_faults_add(reader->faults, line_at(reader->bytes, parser->problem_offset),
                          "not a text in UTF-8: %s (0x%02x): %s", problem,
                          (unsigned)(parser->problem_value < 0 ? 0 : parser->problem_value),
                          strstr(problem, "control") ? "remove the character"
                                                     : "save the file as UTF-8");
        break;
    default:
        config_faults_add(reader->faults, line_of(&parser->problem_mark), "not YAML: %s: %s",
                          problem, advice_for(problem));
        break;
    }
    return STEP_STOP;
}

/* ---- nodes ---- */

static struct document_node *node_make(struct reader *reader, enum document_kind kind,
                                       const yaml_mark_t *mark)
{
    struct document_node *node = must_calloc(1, sizeof(*node));

    *node = (struct document_node){
        .kind = kind, .line = line_of(mark), .before = reader->document->made};
    reader->document->made = node;
    reader->document->count++;
    return node;
}

void document_child_add(struct document_node *parent, struct document_node *child)
{
    if (parent->last)
        parent->last->next = child;
    else
        parent->first = child;
    parent->last = child;
}

static const struct document_node *key_find(const struct document_node *map, const char *text)
{
    for (const struct document_node *key = map->first; key; key = key->next) {
        if (strcmp(key->text, text) == 0)
            return key;
    }
    return NULL;
}

/* A second key of the same name is kept out of the map, with its value. */
static enum step key_put(struct reader *reader, struct document_node *node)
{
    struct document_node *map = reader->open[reader->depth - 1].node;
    const struct document_node *twin;

    if (node->kind != DOCUMENT_TEXT) {
        config_faults_add(
            reader->faults, node->line, "a key is a word, not %s%s", document_kind_name(node),
            node->kind == DOCUMENT_LIST ? "; an IPv6 address stands in quotes: \"[::]:2049\"" : "");
        return STEP_STOP;
    }
    twin = key_find(map, node->text);
    if (twin)
        config_faults_add(reader->faults, node->line,
                          "the key '%.64s' stands in line %u already: remove one of the two",
                          node->text, twin->line);
    else
        document_child_add(map, node);
    reader->open[reader->depth - 1].key = node;
    return STEP_MORE;
}

static bool has_room(struct reader *reader, const struct document_node *node)
{
    if (reader->document->count > LIMIT_CONFIG_NODES) {
        config_faults_add(reader->faults, node->line, "more than %u keys and values: shorten it",
                          LIMIT_CONFIG_NODES);
        return false;
    }
    if (reader->depth == 0 || reader->open[reader->depth - 1].entries++ < LIMIT_CONFIG_ENTRIES)
        return true;
    config_faults_add(reader->faults, node->line, "more than %u entries in one list or map",
                      LIMIT_CONFIG_ENTRIES);
    return false;
}

/* Give the node its place. */
static enum step node_put(struct reader *reader, struct document_node *node)
{
    struct document_node *key, *parent;

    if (!has_room(reader, node))
        return STEP_STOP;
    if (reader->depth == 0) {
        reader->document->root = node;
        return STEP_MORE;
    }
    parent = reader->open[reader->depth - 1].node;
    if (parent->kind == DOCUMENT_LIST) {
        document_child_add(parent, node);
        return STEP_MORE;
    }
    key = reader->open[reader->depth - 1].key;
    if (!key)
        return key_put(reader, node);
    key->value = node;
    reader->open[reader->depth - 1].key = NULL;
    return STEP_MORE;
}

static void node_refuse(struct reader *reader, struct document_node *node, const char *why)
{
    if (!node->refused)
        config_faults_add(reader->faults, node->line, "%s", why);
    node->refused = true;
}

/* What YAML can do and a configuration must not. */
static void refuse_extras(struct reader *reader, struct document_node *node, const void *anchor,
                          const void *tag)
{
    if (anchor)
        node_refuse(reader, node,
                    "anchors (&name) are not supported: write the value out in each place");
    if (tag)
        node_refuse(reader, node, "tags (!name) are not supported: remove it");
}

/* ---- events ---- */

static enum step take_text(struct reader *reader, const yaml_event_t *event)
{
    struct document_node *node = node_make(reader, DOCUMENT_TEXT, &event->start_mark);

    node->text = must_strdup((const char *)event->data.scalar.value);
    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    refuse_extras(reader, node, event->data.scalar.anchor, event->data.scalar.tag);
    if (strlen(node->text) != event->data.scalar.length)
        node_refuse(reader, node, "a text must not contain a NUL character: remove it");
    return node_put(reader, node);
}

static enum step take_alias(struct reader *reader, const yaml_event_t *event)
{
    struct document_node *node = node_make(reader, DOCUMENT_TEXT, &event->start_mark);

    node->text = must_strdup("");
    node_refuse(reader, node,
                "aliases (*name) are not supported: write the value out; a text that "
                "begins with * stands in quotes");
    return node_put(reader, node);
}

static enum step open_node(struct reader *reader, struct document_node *node)
{
    enum step step = node_put(reader, node);

    if (step != STEP_MORE)
        return step;
    if (reader->depth == LIMIT_CONFIG_DEPTH) {
        config_faults_add(reader->faults, node->line,
                          "lists and maps are nested more than %u deep: no key needs that",
                          LIMIT_CONFIG_DEPTH);
        return STEP_STOP;
    }
    reader->open[reader->depth].node = node;
    reader->open[reader->depth].key = NULL;
    reader->open[reader->depth].entries = 0;
    reader->depth++;
    return STEP_MORE;
}

static enum step take_list(struct reader *reader, const yaml_event_t *event)
{
    struct document_node *node = node_make(reader, DOCUMENT_LIST, &event->start_mark);

    refuse_extras(reader, node, event->data.sequence_start.anchor, event->data.sequence_start.tag);
    return open_node(reader, node);
}

static enum step take_map(struct reader *reader, const yaml_event_t *event)
{
    struct document_node *node = node_make(reader, DOCUMENT_MAP, &event->start_mark);

    refuse_extras(reader, node, event->data.mapping_start.anchor, event->data.mapping_start.tag);
    return open_node(reader, node);
}

static enum step take_start(struct reader *reader, const yaml_event_t *event)
{
    if (reader->started) {
        config_faults_add(reader->faults, line_of(&event->start_mark),
                          "a second document begins: put everything in one, without '---'");
        return STEP_STOP;
    }
    reader->started = true;
    return STEP_MORE;
}

static enum step take(struct reader *reader, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_STREAM_END_EVENT:
        return STEP_END;
    case YAML_DOCUMENT_START_EVENT:
        return take_start(reader, event);
    case YAML_SCALAR_EVENT:
        return take_text(reader, event);
    case YAML_ALIAS_EVENT:
        return take_alias(reader, event);
    case YAML_SEQUENCE_START_EVENT:
        return take_list(reader, event);
    case YAML_MAPPING_START_EVENT:
        return take_map(reader, event);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        reader->depth--;
        return STEP_MORE;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        return STEP_MORE;
    }
    return STEP_MORE;
}

static enum step step(struct reader *reader)
{
    yaml_event_t event;
    enum step result;

    if (!yaml_parser_parse(&reader->parser, &event))
        return refuse_yaml(reader);
    result = take(reader, &event);
    yaml_event_delete(&event);
    return result;
}

bool document_read(struct document *document, const char *bytes, size_t len,
                   struct config_faults *faults)
{
    struct reader reader = {.document = document, .faults = faults, .bytes = bytes};
    enum step result = STEP_MORE;

    *document = (struct document){0};
    if (!yaml_parser_initialize(&reader.parser)) {
        config_faults_add(faults, 0, "no memory to read it");
        return false;
    }
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)bytes, len);
    while (result == STEP_MORE)
        result = step(&reader);
    yaml_parser_delete(&reader.parser);
    return result == STEP_END;
}

void document_fini(struct document *document)
{
    while (document->made) {
        struct document_node *node = document->made;

        document->made = node->before;
        free(node->text);
        free(node);
    }
    *document = (struct document){0};
}

bool document_is_nothing(const struct document_node *node)
{
    return node->kind == DOCUMENT_TEXT && node->plain &&
           (strcmp(node->text, "") == 0 || strcmp(node->text, "~") == 0 ||
            strcmp(node->text, "null") == 0);
}

const char *document_kind_name(const struct document_node *node)
{
    switch (node->kind) {
    case DOCUMENT_TEXT:
        return "a text";
    case DOCUMENT_LIST:
        return "a list";
    case DOCUMENT_MAP:
        return "a map";
    }
    return "?";
}
