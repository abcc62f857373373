using Streams.Broker.Crash.Tests.Wire;

namespace Streams.Broker.Crash.Tests.Workload;

/// <summary>What a partition holds, as consumers see it.</summary>
internal sealed record LogView(Place Place, int Error, long Start, long End, long StableOffset, List<Batch> Batches);

/// <summary>Reads whole partitions through fetches.</summary>
internal static class LogReader
{
    public static Dictionary<Place, LogView> All(Client client)
    {
        var places = client.Metadata().SelectMany(t => Enumerable.Range(0, t.Value).Select(p => new Place(t.Key, p))).ToList();
        return places.Count == 0 ? [] : Read(client, places, committed: false);
    }

    /// <summary>The numbers of the offsets at which a reader of committed records sees data, by partition.</summary>
    public static Dictionary<Place, HashSet<long>> Committed(Client client, IEnumerable<Place> places)
    {
        var visible = new Dictionary<Place, HashSet<long>>();
        foreach (var (place, view) in Read(client, [.. places], committed: true)) visible[place] = [.. view.Batches.Select(b => b.BaseOffset)];
        return visible;
    }

    private static Dictionary<Place, LogView> Read(Client client, List<Place> places, bool committed)
    {
        var views = client.Starts(places).ToDictionary(s => s.Key, s => new LogView(s.Key, s.Value.Error, s.Value.Offset, s.Value.Offset, s.Value.Offset, []));
        var open = views.Values.Where(v => v.Error == 0).ToDictionary(v => v.Place, v => v.Start);
        while (open.Count > 0)
        {
            foreach (var fetched in client.Fetch(open.Select(o => (o.Key, o.Value)), committed))
            {
                views[fetched.Place] = views[fetched.Place] with { Error = fetched.Error, End = fetched.HighWatermark, StableOffset = fetched.StableOffset };
                views[fetched.Place].Batches.AddRange(committed ? WithoutAborted(fetched) : fetched.Batches);
                if (fetched.Batches.Count == 0 || fetched.Error != 0) open.Remove(fetched.Place);
                else open[fetched.Place] = fetched.Batches[^1].LastOffset + 1;
            }
        }
        return views;
    }

    // As clients do: an aborted transaction begins at its first offset and ends at the producer's next marker.
    private static IEnumerable<Batch> WithoutAborted(Fetched fetched)
    {
        HashSet<long> aborting = [];
        var aborted = fetched.Aborted.OrderBy(a => a.FirstOffset).ToList();
        foreach (var batch in fetched.Batches)
        {
            while (aborted.Count > 0 && aborted[0].FirstOffset <= batch.LastOffset)
            {
                aborting.Add(aborted[0].ProducerId);
                aborted.RemoveAt(0);
            }
            if (batch.IsControl) aborting.Remove(batch.ProducerId);
            else if (!batch.IsTransactional || !aborting.Contains(batch.ProducerId)) yield return batch;
        }
    }
}
