package dev.plinth.examples.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plinth.core.Plinth;
import dev.plinth.core.spi.Sql;
import dev.plinth.test.PlinthTest;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What holds of every table, whichever module it is of. */
@PlinthTest
class SchemaRulesTest {
  @Test
  void tableViewColumnAndFunction_hasAComment(Plinth plinth) {
    assertThat(
            query(
                plinth,
                """
                SELECT c.relname || coalesce('.' || a.attname, '')
                FROM pg_class c
                LEFT JOIN LATERAL (
                  SELECT NULL::name AS attname, 0 AS attnum
                  UNION ALL
                  SELECT a.attname, a.attnum FROM pg_attribute a
                  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                ) a ON true
                WHERE c.relnamespace = 'plinth'::regnamespace
                  AND c.relkind IN ('r', 'p', 'v', 'm')
                  AND NOT c.relispartition
                  AND c.relname NOT LIKE 'flyway\\_history\\_%'
                  AND coalesce(
                    CASE a.attnum WHEN 0 THEN obj_description(c.oid, 'pg_class')
                      ELSE col_description(c.oid, a.attnum) END, '') = ''
                UNION ALL
                SELECT p.proname || '()' FROM pg_proc p
                WHERE p.pronamespace = 'plinth'::regnamespace
                  AND coalesce(obj_description(p.oid, 'pg_proc'), '') = ''
                ORDER BY 1
                """))
        .as("have no COMMENT")
        .isEmpty();
  }

  /** One that begins with a column of it that refers to something by itself finds few rows too. */
  @Test
  void foreignKey_hasAnIndexThatBeginsWithItsColumns(Plinth plinth) {
    assertThat(
            query(
                plinth,
                """
                SELECT c.relname || ': ' || pg_get_constraintdef(k.oid)
                FROM pg_constraint k
                JOIN pg_class c ON c.oid = k.conrelid
                WHERE k.connamespace = 'plinth'::regnamespace
                  AND k.contype = 'f'
                  AND k.conparentid = 0
                  AND NOT EXISTS (
                    SELECT FROM pg_index i
                    WHERE i.indrelid = k.conrelid
                      AND i.indisvalid
                      AND ((i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey
                        OR EXISTS (
                          SELECT FROM pg_constraint narrower
                          WHERE narrower.conrelid = k.conrelid
                            AND narrower.contype = 'f'
                            AND narrower.conkey = ARRAY[i.indkey[0]]
                            AND k.conkey @> narrower.conkey))
                      AND coalesce(pg_get_expr(i.indpred, i.indrelid), '') IN ('', (
                        SELECT '(' || quote_ident(a.attname) || ' IS NOT NULL)'
                        FROM pg_attribute a
                        WHERE a.attrelid = k.conrelid AND a.attnum = k.conkey[1])))
                ORDER BY 1
                """))
        .as("would scan the whole table when a referenced row is deleted")
        .isEmpty();
  }

  @Test
  void tenantId_isCheckedAlikeEverywhere(Plinth plinth) {
    assertThat(
            query(
                plinth,
                """
                SELECT c.relname || ': ' || coalesce(string_agg(pg_get_constraintdef(k.oid), ' '), 'none')
                FROM pg_class c
                JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
                LEFT JOIN pg_constraint k
                  ON k.conrelid = c.oid AND k.contype = 'c' AND k.conkey = ARRAY[a.attnum]
                WHERE c.relnamespace = 'plinth'::regnamespace
                  AND c.relkind IN ('r', 'p')
                  AND NOT c.relispartition
                GROUP BY c.relname, a.atttypid, a.attnotnull
                HAVING coalesce(string_agg(pg_get_constraintdef(k.oid), ' '), 'none')
                    <> 'CHECK (((char_length(tenant_id) >= 1) AND (char_length(tenant_id) <= 255)))'
                  OR a.atttypid <> 'text'::regtype
                  OR a.attnotnull
                ORDER BY 1
                """))
        .as("differ from CHECK (char_length(tenant_id) BETWEEN 1 AND 255) on a nullable text")
        .isEmpty();
  }

  @Test
  void updatedAt_isSetByTheTriggerEverywhere(Plinth plinth) {
    assertThat(
            query(
                plinth,
                """
                SELECT c.relname
                FROM pg_class c
                JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'updated_at'
                WHERE c.relnamespace = 'plinth'::regnamespace
                  AND c.relkind IN ('r', 'p')
                  AND NOT c.relispartition
                  AND c.relname <> 'job_progress'
                  AND NOT EXISTS (
                    SELECT FROM pg_trigger g
                    WHERE g.tgrelid = c.oid
                      AND g.tgfoid = 'plinth.update_updated_at_column()'::regprocedure)
                ORDER BY 1
                """))
        .as(
            "have updated_at and not the trigger; job_progress says itself when, by the test's clock too")
        .isEmpty();
  }

  @Test
  void function_hasASearchPathOfItsOwn(Plinth plinth) {
    assertThat(
            query(
                plinth,
                """
                SELECT p.proname
                FROM pg_proc p
                WHERE p.pronamespace = 'plinth'::regnamespace
                  AND NOT coalesce(array_to_string(p.proconfig, ',') LIKE '%search_path=%', false)
                ORDER BY 1
                """))
        .isEmpty();
  }

  @Test
  void functionThatRunsAsTheOwner_isNotEverybodysToExecute(Plinth plinth) {
    assertThat(
            query(
                plinth,
                """
                SELECT p.oid::regprocedure::text
                FROM pg_proc p
                CROSS JOIN LATERAL aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
                WHERE p.pronamespace = 'plinth'::regnamespace
                  AND p.prosecdef
                  AND a.grantee = 0
                ORDER BY 1
                """))
        .as("could be attached to a table of anybody's own, and would then write as the owner")
        .isEmpty();
  }

  private static List<String> query(Plinth plinth, String sql) {
    return plinth.transactReturning(tx -> Sql.query(tx.connection(), sql, row -> row.getString(1)));
  }
}
