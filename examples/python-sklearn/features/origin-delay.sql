-- Share late of the last 30 flights that landed from this origin. A value is known once the last of its rows is.
select
  origin,
  landed_at,
  max(arrived_at) over last_30 as arrived_at,
  avg((delay > 15)::int) over last_30 as late_share
from flights
window last_30 as (
  partition by origin order by landed_at, flight_id rows between 29 preceding and current row
)
