namespace Streams.Streaming;

/// <summary>What becomes of a record that could not be handled.</summary>
public enum ExceptionHandlerResponse
{
    /// <summary>The stream thread ends; nothing of the open transaction is kept, and the record is the next one of whoever goes on.</summary>
    Fail,

    /// <summary>The record is left out, with all that it wrote, and counted in dropped-records.</summary>
    Continue,

    /// <summary>The record goes to the dead-letter topic as it came, and nothing else that it wrote is kept.</summary>
    DeadLetter,
}

/// <summary>The source record that was being handled when something failed.</summary>
public sealed record ErrorHandlerContext(string TaskId, string Topic, int Partition, long Offset, long Timestamp, byte[]? SourceRawKey, byte[]? SourceRawValue);

/// <summary>Decides about records that a source cannot read (deserialization.exception.handler). Called on stream threads, of which there may be several.</summary>
public interface IDeserializationExceptionHandler
{
    ExceptionHandlerResponse Handle(ErrorHandlerContext context, DeserializationException exception);
}

/// <summary>Decides about records whose processing throws (processing.exception.handler). Called on stream threads.</summary>
public interface IProcessingExceptionHandler
{
    ExceptionHandlerResponse Handle(ErrorHandlerContext context, Exception exception);
}

/// <summary>
/// Decides about records whose outputs cannot be written, because they are too large or the broker refuses them (production.exception.handler). The
/// context is the source record's; not its one output but all it did is undone. Called on stream threads.
/// </summary>
public interface IProductionExceptionHandler
{
    ExceptionHandlerResponse Handle(ErrorHandlerContext context, Exception exception);
}

/// <summary>Ends the thread at the first failure. The failure is logged by the runtime.</summary>
public sealed class LogAndFailExceptionHandler : IDeserializationExceptionHandler, IProcessingExceptionHandler, IProductionExceptionHandler
{
    public ExceptionHandlerResponse Handle(ErrorHandlerContext context, DeserializationException exception) => ExceptionHandlerResponse.Fail;

    public ExceptionHandlerResponse Handle(ErrorHandlerContext context, Exception exception) => ExceptionHandlerResponse.Fail;
}

/// <summary>Leaves out what fails. The failure is logged by the runtime.</summary>
public sealed class LogAndContinueExceptionHandler : IDeserializationExceptionHandler, IProcessingExceptionHandler, IProductionExceptionHandler
{
    public ExceptionHandlerResponse Handle(ErrorHandlerContext context, DeserializationException exception) => ExceptionHandlerResponse.Continue;

    public ExceptionHandlerResponse Handle(ErrorHandlerContext context, Exception exception) => ExceptionHandlerResponse.Continue;
}

/// <summary>Sends what fails to the dead-letter topic.</summary>
public sealed class DeadLetterExceptionHandler : IDeserializationExceptionHandler, IProcessingExceptionHandler, IProductionExceptionHandler
{
    public ExceptionHandlerResponse Handle(ErrorHandlerContext context, DeserializationException exception) => ExceptionHandlerResponse.DeadLetter;

    public ExceptionHandlerResponse Handle(ErrorHandlerContext context, Exception exception) => ExceptionHandlerResponse.DeadLetter;
}

/// <summary>What happens when a stream thread has died (StreamsUncaughtExceptionHandler).</summary>
public enum StreamThreadExceptionResponse
{
    /// <summary>A new thread takes its place; its tasks go on from what was last committed.</summary>
    ReplaceThread,

    /// <summary>This instance stops with an error, as it does without a handler. Others take its partitions.</summary>
    ShutdownClient,
}
