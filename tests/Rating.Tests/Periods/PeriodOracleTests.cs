using System.Globalization;
using Streams.Rating.Periods;
using Streams.Schemas;
using Streams.Testing;
using Xunit.Abstractions;
using static Streams.Rating.Tests.Periods.Times;

namespace Streams.Rating.Tests.Periods;

/// <summary>Random zones, anchors and instants against Python's zoneinfo (periods_oracle.py), which reads the time zone data by code of its own.</summary>
public sealed class PeriodOracleTests(ITestOutputHelper output)
{
    static readonly string[] Named =
        ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Apia", "America/St_Johns", "America/Havana", "Africa/Cairo", "Asia/Jerusalem", "America/Nuuk", "Asia/Gaza", "Europe/Dublin"];

    readonly record struct Question(string Zone, int Months, DateOnly Anchor, Timestamp At)
    {
        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Zone} {Months} {Anchor:yyyy-MM-dd} {At.Micros}");
    }

    [SkippableFact]
    public void Agrees_with_zoneinfo_of_Python()
    {
        var python = Checkout.Program("python3");
        Skip.If(python is null, "python3 is not on the PATH");
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var questions = Questions(random, Tier.Of(4_000, 40_000));
        var answers = Ask(python!, questions);
        Skip.If(answers is null, "Python's zoneinfo has no time zone data here");
        Assert.Equal(questions.Count, answers!.Count);
        for (var i = 0; i < questions.Count; i++)
            Assert.True(Answer(questions[i]) == answers[i], $"seed {seed}, {questions[i]} ({questions[i].At}): {Answer(questions[i])} here, {answers[i]} by Python");
    }

    static List<Question> Questions(Random random, int count)
    {
        var others = TimeZoneInfo.GetSystemTimeZones().Select(z => z.Id).Where(id => id.Contains('/')).Order(StringComparer.Ordinal).ToArray();
        var zones = Named.Concat(random.GetItems(others, Tier.Of(20, 200))).ToArray();
        return [.. Enumerable.Range(0, count).Select(_ => One(random, zones[random.Next(zones.Length)]))];
    }

    static Question One(Random random, string zone)
    {
        var anchor = Day("1990-01-01").AddDays(random.Next(20_000));
        if (random.Next(2) == 0) anchor = new(anchor.Year, 1, random.Next(29, 32));
        var months = new[] { 1, 1, 3, 12, random.Next(1, 13) }[random.Next(5)];
        // Python knows offsets of less than a minute, which some zones left only in 1972.
        var at = new Timestamp(random.NextInt64(T("1973-01-01").Micros, T("2195-01-01").Micros));
        return new(zone, months, anchor, NearBorder(random, ZoneClock.Of(zone), at));
    }

    /// <summary>Half of the instants stand beside midnight of some day or beside a change of the clock.</summary>
    static Timestamp NearBorder(Random random, ZoneClock clock, Timestamp at)
    {
        var near = random.Next(-1, 2) * random.NextInt64(random.Next(2) == 0 ? 2 : 2 * ZoneClock.HourMicros);
        if (random.Next(4) == 0) return new(clock.StartOf(clock.DateShown(at)).Micros + near);
        if (random.Next(3) > 0) return at;
        for (var day = 0; day < 400; day++)
        {
            var next = new Timestamp(at.Micros + ZoneClock.DayMicros);
            if (clock.OffsetAt(next) != clock.OffsetAt(at)) return new(clock.DayOf(next).Start.Micros + near);
            at = next;
        }
        return at;
    }

    static string Answer(Question question)
    {
        var clock = ZoneClock.Of(question.Zone);
        var calendar = new BillingCalendar(clock, question.Months, question.Anchor);
        var period = calendar.Of(question.At);
        TimeWindow[] windows = [period.Window, clock.DayOf(question.At), clock.HourOf(question.At), calendar.MonthOf(question.At)];
        var borders = string.Join(' ', windows.Select(w => string.Create(CultureInfo.InvariantCulture, $"{w.Start.Micros} {w.End.Micros}")));
        return $"{borders} {period.FirstDay:yyyy-MM-dd} {period.EndDay:yyyy-MM-dd}";
    }

    static List<string>? Ask(string python, List<Question> questions)
    {
        var (answer, errors, exitCode) = Python.Ask(python, "Periods/periods_oracle.py", questions.Select(q => q.ToString()), TimeSpan.FromMinutes(5));
        if (errors.Contains("ZoneInfoNotFoundError") && errors.Contains("'UTC'")) return null;
        Assert.True(exitCode == 0, errors);
        return [.. answer.Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }
}
