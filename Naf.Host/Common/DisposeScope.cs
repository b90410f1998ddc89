namespace Naf.Host.Common;

/// <summary>Owns resources and disposes them in reverse order.</summary>
internal sealed class DisposeScope : IDisposable
{
    private readonly Stack<IDisposable> _opened = new();

    /// <summary>Takes ownership of a resource.</summary>
    public T Add<T>(T resource) where T : IDisposable
    {
        _opened.Push(resource);
        return resource;
    }

    /// <summary>Runs steps that open resources; if one throws, those already opened are disposed.</summary>
    public static T Open<T>(Func<DisposeScope, T> steps)
    {
        var opened = new DisposeScope();
        try
        {
            return steps(opened);
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        while (_opened.TryPop(out IDisposable? resource)) resource.Dispose();
    }
}
