using Polly;
using Polly.CircuitBreaker;

namespace Streams.ErpSink.Posting;

/// <summary>Leaves an ERP alone that fails most calls as a whole, and tries it again with one call.</summary>
sealed class CallBreaker
{
    readonly CircuitBreakerStateProvider _state = new();
    readonly ResiliencePipeline<IReadOnlyList<ErpAnswer>> _pipeline;

    public CallBreaker(PostingOptions options, TimeProvider time) => _pipeline = new ResiliencePipelineBuilder<IReadOnlyList<ErpAnswer>> { TimeProvider = time }
        .AddCircuitBreaker(new()
        {
            FailureRatio = 0.8,
            MinimumThroughput = options.BreakAfterCalls,
            SamplingDuration = options.BreakSampling,
            BreakDuration = options.BreakDuration,
            StateProvider = _state,
            ShouldHandle = static args => ValueTask.FromResult(args.Outcome.Result is { } answers && answers.All(a => a.Outcome is ErpOutcome.Unknown or ErpOutcome.NotSent)),
        }).Build();

    public bool IsOpen => _state.CircuitState is CircuitState.Open;

    public async Task<IReadOnlyList<ErpAnswer>> CallAsync(int documents, Func<Task<IReadOnlyList<ErpAnswer>>> call)
    {
        try
        {
            return await _pipeline.ExecuteAsync(async _ => await call());
        }
        catch (BrokenCircuitException)
        {
            return [.. Enumerable.Repeat(new ErpAnswer(ErpOutcome.NotSent, Code: "CIRCUIT_OPEN", Detail: "the ERP has failed most calls and is left alone for a while"), documents)];
        }
    }
}
