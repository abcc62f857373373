using Streams.Schemas;

namespace Streams.Rating.Periods;

/// <summary>From when a version of a contract is in force, and until when (null: for good).</summary>
public readonly record struct EffectiveVersion(int Version, Timestamp From, Timestamp? To);

/// <summary>A part of a period with the one version in force throughout.</summary>
public readonly record struct VersionSegment(int Version, TimeWindow Window);

public static class VersionSegments
{
    /// <summary>
    /// The parts of a period by the version in force, in order. Time that no version covers is in no part.
    /// </summary>
    /// <exception cref="ArgumentException">Versions that are empty, not in the order of time, or in force at once.</exception>
    public static IReadOnlyList<VersionSegment> Cut(TimeWindow period, IReadOnlyList<EffectiveVersion> versions)
    {
        var segments = new List<VersionSegment>();
        for (var i = 0; i < versions.Count; i++)
        {
            var span = Span(versions[i]);
            if (span.IsEmpty) throw new ArgumentException($"Version {versions[i].Version} ends at {span.End}, not after its start {span.Start}", nameof(versions));
            if (i > 0 && Span(versions[i - 1]).End > span.Start) throw Overlap(versions[i - 1], versions[i]);
            var common = period.Intersect(span);
            if (!common.IsEmpty) segments.Add(new(versions[i].Version, common));
        }
        return segments;
    }

    static TimeWindow Span(EffectiveVersion version) => new(version.From, version.To ?? new(long.MaxValue));

    static ArgumentException Overlap(EffectiveVersion before, EffectiveVersion version) =>
        new($"Version {version.Version} begins at {version.From}, before version {before.Version} has ended", "versions");
}
