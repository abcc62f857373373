namespace Streams.Aggregators;

/// <summary>Named points of billing at which tests and drills end the process: billing.between_documents (a document is in billing.documents, but not posted; others of the same close may follow).</summary>
public static class KillPoint
{
    /// <summary>Called with the point that was reached; null in production.</summary>
    public static Action<string>? Hook { get; set; }

    internal static void Reached(string point) => Hook?.Invoke(point);
}
