using System.Numerics;
using System.Runtime.CompilerServices;

namespace Naf.Kernels.Observation;

/// <summary>A rotation R by its columns: the axes of a frame in the coordinates of the outer frame.</summary>
internal readonly record struct Mat3<T>(Vec3<T> X, Vec3<T> Y, Vec3<T> Z) where T : IFloatingPointIeee754<T>
{
    public static Mat3<T> Identity => new(Vec3<T>.Unit(0), Vec3<T>.Unit(1), Vec3<T>.Unit(2));

    /// <summary>The axis 0, 1 or 2 of the frame.</summary>
    public Vec3<T> this[int axis] =>
        axis switch { 0 => X, 1 => Y, 2 => Z, _ => throw new ArgumentOutOfRangeException(nameof(axis)) };

    public Mat3<TTo> To<TTo>() where TTo : IFloatingPointIeee754<TTo> => new(X.To<TTo>(), Y.To<TTo>(), Z.To<TTo>());

    /// <summary>R v: from the frame to the outer frame.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vec3<T> operator *(Mat3<T> r, Vec3<T> v) => v.X * r.X + v.Y * r.Y + v.Z * r.Z;

    /// <summary>A B: first B, then A.</summary>
    public static Mat3<T> operator *(Mat3<T> a, Mat3<T> b) => new(a * b.X, a * b.Y, a * b.Z);

    /// <summary>Rᵀ v: from the outer frame to the frame.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vec3<T> Inverse(Vec3<T> v) => new(Vec3<T>.Dot(X, v), Vec3<T>.Dot(Y, v), Vec3<T>.Dot(Z, v));

    /// <summary>The rotation of a unit quaternion.</summary>
    public static Mat3<T> From(Quat<T> q)
    {
        T two = T.One + T.One;
        T xx = q.X * q.X, yy = q.Y * q.Y, zz = q.Z * q.Z, ww = q.W * q.W;
        return new(
            new(ww + xx - yy - zz, two * (q.X * q.Y + q.W * q.Z), two * (q.X * q.Z - q.W * q.Y)),
            new(two * (q.X * q.Y - q.W * q.Z), ww - xx + yy - zz, two * (q.Y * q.Z + q.W * q.X)),
            new(two * (q.X * q.Z + q.W * q.Y), two * (q.Y * q.Z - q.W * q.X), ww - xx - yy + zz));
    }

    /// <summary>Rodrigues: the rotation about a unit axis a by an angle, c I + s [a]ₓ + (1 − c) a aᵀ.</summary>
    public static Mat3<T> About(Vec3<T> a, T sine, T cosine)
    {
        T v = T.One - cosine;
        return new(
            new(cosine + v * a.X * a.X, v * a.X * a.Y + sine * a.Z, v * a.X * a.Z - sine * a.Y),
            new(v * a.X * a.Y - sine * a.Z, cosine + v * a.Y * a.Y, v * a.Y * a.Z + sine * a.X),
            new(v * a.X * a.Z + sine * a.Y, v * a.Y * a.Z - sine * a.X, cosine + v * a.Z * a.Z));
    }

    /// <summary>R Rot(own axis 0, 1 or 2; angle): the two other columns rotate in their plane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Mat3<T> TurnedAbout(int axis, T sine, T cosine) => axis switch
    {
        0 => new(X, cosine * Y + sine * Z, cosine * Z - sine * Y),
        1 => new(cosine * X - sine * Z, Y, cosine * Z + sine * X),
        _ => new(cosine * X + sine * Y, cosine * Y - sine * X, Z),
    };
}
