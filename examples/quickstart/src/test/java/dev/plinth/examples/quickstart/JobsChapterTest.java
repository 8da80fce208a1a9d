package dev.plinth.examples.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plinth.test.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The chapter about jobs from outside: what it prints, how it ends, and what it leaves. */
@Tag("once")
class JobsChapterTest {
  private static final int FILES = 60;

  private TestDatabase database;

  @BeforeEach
  void createDatabase() {
    database = TestDatabase.create(true);
  }

  @AfterEach
  void dropDatabase() {
    database.close();
  }

  @Test
  void chapterJobs_workerKilledHalfWay_eachFileIsInTheResultOnce(@TempDir Path folder)
      throws Exception {
    fill(folder);

    for (int turn = 1; turn <= 2; turn++) {
      try (QuickstartProcess run = run("--chapter", "jobs", folder.toString())) {
        assertThat(run.end()).as(run.output()).isZero();
        assertThat(run.output())
            .contains("has hashed 20 files, was at work on 4 more, and was killed")
            .contains("Each file once: 60 rows for 60 files")
            .contains("The last one of the graph: It waits for 60 jobs")
            .contains("A limited job: The limit on the type chapter-visit is used up (1 of 1")
            .contains("In a paused queue: The queue chapter-night is paused since")
            .contains("queue chapter-files: ")
            .contains("the clocks go forward")
            .contains("the clocks go back")
            .contains("step store: COMPLETED, 1")
            .contains("All is as it should be.")
            .doesNotContain("WRONG");
      }
      assertThat(count("SELECT count(*) FROM public.quickstart_hashes"))
          .isEqualTo(turn * (FILES + 1));
      assertThat(count("SELECT count(*) FROM plinth.job_schedules")).isZero();
      assertThat(count("SELECT count(*) FROM plinth.job_limits")).isZero();
    }
    assertThat(count("SELECT count(*) FROM plinth.job_attempts WHERE outcome = 'lost'"))
        .isGreaterThanOrEqualTo(8);
  }

  @Test
  void chapterJobs_oneEmptyFile_works(@TempDir Path folder) throws Exception {
    Files.writeString(folder.resolve("empty"), "");

    try (QuickstartProcess run = run("--chapter", "jobs", folder.toString(), "--workers", "1")) {
      assertThat(run.end()).as(run.output()).isZero();
      assertThat(run.output()).contains("Each file once: 1 rows for 1 files");
    }
  }

  @Test
  void chapterJobs_resultIsTamperedWith_endsWithOne(@TempDir Path folder) throws Exception {
    fill(folder);
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement()) {
      statement.execute(
          """
          CREATE TABLE public.quickstart_hashes (chapter uuid, path text, sha256 text);
          CREATE FUNCTION public.tamper() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN
            IF NEW.path = 'a7.txt' THEN
              NEW.sha256 := 'another one';
            END IF;
            RETURN NEW;
          END
          $$;
          CREATE TRIGGER tamper BEFORE INSERT ON public.quickstart_hashes
            FOR EACH ROW EXECUTE FUNCTION public.tamper();
          """);
    }

    try (QuickstartProcess run = run("--chapter", "jobs", folder.toString())) {
      assertThat(run.end()).as(run.output()).isEqualTo(1);
      assertThat(run.output())
          .contains("WRONG  Each file once: 60 rows for 60 files")
          .contains("Something is WRONG.");
    }
  }

  @Test
  void chapterUnknown_endsWithOneLine() throws Exception {
    try (QuickstartProcess run = run("--chapter", "nine")) {
      assertThat(run.end()).isEqualTo(1);
      assertThat(run.output()).contains("quickstart: --chapter must be jobs, but is nine");
    }
  }

  @Test
  void help_tellsOfTheChapter() throws Exception {
    try (QuickstartProcess run = run("--help")) {
      assertThat(run.end()).isZero();
      assertThat(run.output()).contains("--chapter=NAME").contains("killed half-way");
    }
  }

  private QuickstartProcess run(String... args) {
    return QuickstartProcess.start(Map.of("PLINTH_JDBC_URL", database.url()), args);
  }

  private long count(String sql) throws Exception {
    try (Connection connection = database.connect();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      assertThat(row.next()).isTrue();
      return row.getLong(1);
    }
  }

  private static void fill(Path folder) throws IOException {
    for (int i = 1; i <= FILES; i++) {
      Files.writeString(folder.resolve("a" + i + ".txt"), "line\n".repeat(i));
    }
  }
}
